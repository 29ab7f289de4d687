/* text_out.h - text of files and users in what the command prints.
 *
 * Labels, titles, paths and reasons may hold any bytes. Wherever they are printed they go through one of these functions, so
 * that a table keeps its columns, a line stays one line, and no file drives the terminal. What is never printed raw: C0
 * controls, DEL, C1 controls, U+2028 and U+2029, marks that change the direction of writing, bytes that are not UTF-8.
 * They are written \t, \n, \r and \xNN, a number for each byte.
 */
#ifndef DSGD_LAB_REPORT_TEXT_OUT_H
#define DSGD_LAB_REPORT_TEXT_OUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** One line for people: raw is what a terminal shows as itself. A backslash stays, so this form is not for programs. */
void dsgd_print_shown(FILE *out, const char *text);
/** Several lines, each as dsgd_print_shown has it; ends in a line end unless it is empty. */
void dsgd_print_lines(FILE *out, const char *text);
/** One line in a column of a fixed-width table, as printf's %*s: at least |width| columns, on the left if width < 0. */
void dsgd_print_padded(FILE *out, int width, const char *text);
/** Columns of a terminal that dsgd_print_shown takes; of UTF-8 those of wcwidth. */
int dsgd_text_width(const char *text);
/** The same text in a buffer, cut between characters; returns `into`. */
const char *dsgd_text_shown_into(char *into, size_t size, const char *text);

/** A cell of tab-separated text. Backslashes are doubled; `#` and `"` that begin the cell are \x23 and \x22, or they would
 *  begin a comment or a quoted cell. Undone by replacing \\, \t, \n, \r and \xNN. */
void dsgd_print_tsv(FILE *out, const char *text);
/** A number of tab-separated text, at most `digits` digits; NaN, inf or -inf where it is none. */
void dsgd_print_tsv_number(FILE *out, int digits, double value);

/** A cell of a Markdown table, or words of a line: shows the text literally. */
void dsgd_print_markdown(FILE *out, const char *text);

/** The next character of UTF-8: returns its bytes and its code; 1 and UINT32_MAX for a byte that belongs to none. 0 at the end. */
size_t dsgd_text_next(const char *text, uint32_t *code);
/** Whether a code (or UINT32_MAX) is never printed raw. */
int dsgd_text_is_control(uint32_t code);

#endif
