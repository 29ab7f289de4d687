#!/usr/bin/perl
# plot-facts.pl TABLE.tsv... - what tables say about themselves, as definitions that gnuplot loads (style.gp reads them).
#
# Comes out on standard output:
#   FACT_KEY[i], FACT_TEXT[i], FACT_NUMBER[i]   i = 1..FACTS. Keys are KIND:TABLE:N:WORD,
#     about:TABLE:0:WORD    first comment "# WORD: VALUE" of the table; N > 0: first one in its N-th block (gnuplot's index N - 1)
#     column:TABLE:0:NAME   number of the column NAME; the last comment with tabs before the first row names the columns
#     blocks:TABLE:0:       how many blocks there are
#     group:TABLE:N:        N-th different word of the first column, if that holds words; groups:TABLE:0: how many; shown:TABLE:N:
#                           the same word for a picture
#
# gnuplot's variable format is svg where texts stand as they are; elsewhere characters that no font has become U+FFFD.
#
# Tables are written by others, or hold what others wrote, such as labels: text reaches gnuplot as letters, blanks and octal
# escapes between double quotes, and is valid UTF-8 without control characters; a number is a number or NaN. The caller gives
# names of [A-Za-z0-9_.-] in the working directory.
use strict;
use warnings;

my $longest = 1000;   # characters of one text; terminals of gnuplot have buffers
my $most = 20000;     # facts
my $most_groups = 64; # a figure has no place for more
my %known;
my @facts;

sub fail { print STDERR "plot: $_[0]\n"; exit $_[1]; }

# Cairo draws a character that no font has as a box over half the picture. Unknown if fontconfig cannot be asked: then all are drawn.
my @covered;
sub has_font
{
    my $code = ord $_[0];
    if (!@covered) {
        no warnings "exec";
        if (open my $list, "-|", "fc-list", "--format", "%{charset}\n") {
            my %seen;
            while (<$list>) { $seen{$_} = 1 for split; }
            close $list;
            @covered = map { /^([0-9a-f]+)(?:-([0-9a-f]+))?$/ ? [hex $1, hex($2 // $1)] : () } keys %seen;
        }
        @covered = ([0, 0x10ffff]) if !@covered;
        push @covered, [0x200b, 0x200f], [0x2060, 0x206f], [0xfe00, 0xfe0f], [0xfeff, 0xfeff]; # without width or form
    }
    $_->[0] <= $code && $code <= $_->[1] and return 1 for @covered;
    return 0;
}

# The one way of a text into gnuplot code. Not in single quotes: gnuplot 5.4 takes a text that begins with one for two texts. Digits are
# escaped too, since gnuplot's escapes take as many as there are.
sub gnuplot_string
{
    my ($text, $drawable) = @_;
    $text = join "", map { utf8::decode($_) ? $_ : "\x{fffd}" } $text =~ /[\x00-\x7f]+|[\xc2-\xf4][\x80-\xbf]{1,3}|./gs;
    $text =~ tr/\t/ /;
    # control characters, line ends of Unicode, changes of direction, code points that XML has not
    $text =~ s/[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{d800}-\x{dfff}\x{fffe}\x{ffff}\x{110000}-\x{7fffffff}]/\x{fffd}/g;
    $text =~ s/([^\x00-\x7f])/has_font($1) ? $1 : "\x{fffd}"/ge if $drawable;
    $text = substr($text, 0, $longest) . "\x{2026}" if length $text > $longest;
    utf8::encode($text);
    $text =~ s/([^A-Za-z ])/sprintf "\\%03o", ord $1/ge;
    return "\"$text\"";
}

# The one way of a number: digits that perl printed, never the table's.
sub gnuplot_number
{
    my $text = $_[0];
    return "NaN" unless $text =~ /\A[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?\z/;
    my $number = sprintf "%.17g", $text;
    return "NaN" unless $number =~ /\A-?[0-9]/; # too large: Inf
    return $number =~ /[.e]/ ? $number : "$number.0"; # gnuplot's integers overflow
}

sub fact
{
    my $key = gnuplot_string($_[0]);
    my $text = $_[1];
    return if $known{$key}++;
    fail("more than $most comments in the tables: expected those of dsgd curve or dsgd verify", 2) if @facts == $most;
    push @facts, [$key, $text];
}

sub read_table
{
    my ($table) = @_;
    open my $in, "<:raw", $table or fail("cannot read a copied table: $!", 3);
    my ($block, $blank, $words) = (0, 0, 1);
    my ($names, %group, @groups);
    while (my $line = <$in>) {
        $line =~ s/\r?\n\z//;
        my $next = $block == 0 ? 1 : $block + ($blank >= 2 ? 1 : 0); # the block of the row that comes next
        if ($line =~ /^#/) {
            $names = $line if $block == 0 && $line =~ /^# ?[^\t]+\t/ && $line !~ /^# ?[0-9]/;
            next unless $line =~ /^# (.*?):(?: (.*))?$/;
            my ($word, $value) = ($1, $2 // "");
            fact("about:$table:0:$word", $value);
            fact("about:$table:$next:$word", $value);
            if ($word eq "at w*" && $value =~ /^(\S+) (\S+)$/) { fact("about:$table:0:at w*: $1", $2); }
        } elsif ($line =~ /^\s*$/) {
            ++$blank;
        } else {
            ($block, $blank) = ($next, 0);
            my ($first) = split /\t/, $line, 2;
            $words = 0 if gnuplot_number($first) ne "NaN";
            if ($words && !$group{$first}++ && @groups <= $most_groups) { push @groups, $first; }
        }
    }
    close $in;
    fact("blocks:$table:0:", $block);
    if (defined $names) {
        my $number = 0;
        fact("column:$table:0:$_", ++$number) for split /\t/, $names =~ s/^# ?//r;
    }
    if ($words) {
        fail("more than $most_groups different words in the first column: expected those of dsgd verify", 2) if @groups > $most_groups;
        fact("groups:$table:0:", scalar @groups);
        for my $n (1 .. @groups) { fact("$_:$table:$n:", $groups[$n - 1]) for "group", "shown"; }
    }
}

read_table($_) for @ARGV;
my $n = @facts;
my $size = $n > 0 ? $n : 1;
binmode STDOUT, ":raw";
print "FACTS = $n\narray FACT_KEY[$size]\narray FACT_TEXT[$size]\narray FACT_NUMBER[$size]\n";
for my $i (1 .. $n) {
    my ($key, $text) = @{$facts[$i - 1]};
    my ($whole, $drawn) = (gnuplot_string($text, 0), gnuplot_string($text, $key =~ /^"(?:about|shown)/));
    $whole = "format eq \"svg\" ? $whole : $drawn" if $drawn ne $whole; # who looks at an SVG has other fonts
    print "FACT_KEY[$i] = $key\nFACT_TEXT[$i] = $whole\nFACT_NUMBER[$i] = ", gnuplot_number($text), "\n";
}
close STDOUT or fail("cannot write the facts of the tables: $!", 3);
