#!/usr/bin/env bash
# catalogue.sh - docs/errors.md and the source do not drift apart: every sentence has a row, every row a sentence.
# Sentences are compared word by word; a conversion such as %s and a placeholder such as <file> count as the same.
set -euo pipefail
cd "$DSGD_SOURCE"
command -v perl >/dev/null || { echo "no perl"; exit 77; }
shopt -s nullglob # not every folder has folders
perl - docs/errors.md sim/*.c sim/*/*.c datasets/*.c algorithms/*.c convex/*.c convex/*/*.c deep/*.c theory/*.c record/*.c lab/*.c lab/*/*.c verify/*.c verify/*/*.c bench/*.c command/*.c <<'PERL'
use strict; use warnings;
my ($catalogue, @sources) = @ARGV;
local $/;
sub slurp { open my $in, "<", $_[0] or die "$_[0]: $!"; my $text = <$in>; return $text; }
sub plain { my $t = shift; $t =~ s/(?:<>)+/<>/g; return $t; }
my $string = qr/"(?:[^"\\]|\\.)*"(?:\s*PRI\w+)?/;
my (%needed, %known);
for my $file (@sources) {
    my $text = slurp($file);
    while ($text =~ /(dsgd_fail|argp_error|fprintf)\(\s*(\w+),\s*((?:$string\s*)+)/g) {
        my ($call, $first, $literals) = ($1, $2, $3);
        my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
        my $format = join "", map { s/\\(["\\])/$1/gr } $literals =~ /"((?:[^"\\]|\\.)*)"/g;
        $format =~ s/%[-+ #0]*[0-9*]*(?:\.[0-9*]+)?(?:hh|h|ll|l|z|j)?[a-zA-Z]/<>/g;
        $format =~ s/%"?$/<>/;
        next if $call eq "fprintf" && !($first eq "stderr" && $format =~ s/^dsgd: //);
        $format =~ s/\\n$//;
        $format = plain($format);
        $known{$format} = 1;
        next if $call eq "fprintf";
        next if $call eq "dsgd_fail" && $first !~ /^DSGD_E(INPUT|IO|INTERRUPTED|UNAVAILABLE)$/;
        $needed{$format} //= "$file:$line";
    }
}
my (%row, $bad);
for (split /\n/, slurp($catalogue)) {
    next unless /^\| `(.*?)` \| (\d+) \|/;
    my $text = $1;
    my $sentence = plain($text =~ s/<[^<>]*>/<>/gr);
    print "$catalogue: two rows for: $text\n" and $bad = 1 if $row{$sentence}++;
    print "$catalogue: no such sentence in the source: $text\n" and $bad = 1 if !$known{$sentence};
}
for (sort keys %needed) {
    print "$needed{$_}: no row in $catalogue for: $_\n" and $bad = 1 if !$row{$_};
}
printf "catalogue: %d sentences, %d rows\n", scalar keys %needed, scalar keys %row;
exit($bad || !%needed ? 1 : 0);
PERL
