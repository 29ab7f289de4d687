/* host.c - a loop of an algorithm's or problem's own, on the CPU: its memory is the host's, so the loop works in place. */
#include "sim/cpu/cpu.h"

void cpu_host_op(struct dsgd_rows *r, dsgd_host_function *function, const void *arguments, const struct dsgd_operand *operand, int operands)
{
    struct dsgd_host_row row = {.arguments = arguments, .step = r->step};
    for (uint32_t i = 0; i < r->rows; ++i) {
        row.worker = dsgd_row_worker(r, i);
        for (int j = 0; j < operands; ++j) {
            const struct dsgd_array *array = operand[j].handle; /* the first member of every handle */
            const size_t size = operand[j].type == DSGD_F64 ? sizeof(double) : sizeof(float);
            row.array[j] = (char *)cpu_near(array->at) + i * array->stride * size;
            row.count[j] = array->count;
            row.length[j] = NULL;
            if (operand[j].type == DSGD_SET) {
                row.length[j] = cpu_length(operand[j].handle, i);
                if (operand[j].access != DSGD_WRITE) { row.count[j] = *row.length[j]; }
            }
        }
        function(&row);
    }
}
