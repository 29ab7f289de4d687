# bleu_sacrebleu.py FILE - BLEU by sacreBLEU of corpora in a file: lines "HYPOTHESIS \x01 REFERENCE", an empty line after each corpus. Prints a line a
# corpus: correct and total n-grams, words of hypotheses and references, score. Exit code 77 where sacreBLEU is not installed.
import sys

try:
    from sacrebleu.metrics import BLEU
except ImportError:
    sys.exit(77)
corpus = []
with open(sys.argv[1], encoding="utf-8", newline="\n") as file:
    for line in file.read().split("\n"):
        if line:
            corpus.append(line.split("\x01"))
        elif corpus:
            score = BLEU(force=True).corpus_score([h for h, _ in corpus], [[r for _, r in corpus]])
            print(*score.counts, *score.totals, score.sys_len, score.ref_len, repr(score.score))
            corpus = []
