#!/usr/bin/perl
# lines-by-role.pl FILE... - what the lines of algorithms are there for, as a table on standard output.
#
# Give the files of algorithms together with the blocks that they share (error_memory.h, sparsifier.[ch], ...): a function of a block
# has the role that its callers give it.
#
#   head         comments, preprocessor, types, enums, prototypes, exported structs: all outside functions that is no parameter
#   parameters   struct config and the table of struct dsgd_param
#   plumbing     functions that no step of a run reaches: check, init, declare, ...
#   scaffolding  in functions that a step reaches, from the slots named in STEP below: the signature, braces, (void), declarations
#                that only name something (fields, sections, answers, scratch, `common` as its type), "return" of a name
#   statements   the other lines there: what the algorithm does. A statement of several lines counts each
#   share        statements / (plumbing + scaffolding + statements): the part of the code that is the algorithm
#
# Blank lines are not counted, comments are head wherever they stand. The same rules read the contract before handles: there, reading
# and writing of sections (DSGD_TRY of dsgd_message_*, codec_*), of scratch (dsgd_arena_take) and its failures are scaffolding too.
#
#   scripts/lines-by-role.pl algorithms/{true_topk,pkk}.c algorithms/error_memory.h
use strict;
use warnings;

my %step = map { $_ => 1 } qw(plan prepare point encode absorb finish settle decode);
my $lookup = qr/(?:dsgd_(?:field|send|down|all|take)_\w+|dsgd_sparsifier_chosen)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)|(?:\w+->)?field\[[^\]]*\]|&?\w+(?:->\w+|\.\w+)*|dsgd_arena_take\s*\(.*\)/;
my @role = qw(head parameters plumbing scaffolding statements);

die "lines-by-role: no file: expected FILE...\n" unless @ARGV;

# Comments and what stands in strings become blanks; line ends stay.
sub blank { my $text = shift; $text =~ s/[^\n]/ /g; return $text; }
sub bare
{
    my $code = shift;
    $code =~ s{("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(/\*.*?\*/|//[^\n]*)}{defined $1 ? '"' . (' ' x (length($1) - 2)) . '"' : blank($2)}gse;
    return $code;
}

# All outermost pieces of a file: {text, first, last, body}; body: index of the brace that opens a function, else undef.
sub pieces
{
    my @line = @_;
    my (@piece, $now);
    my $depth = 0;
    for my $i (0 .. $#line) {
        next if !$now && $line[$i] !~ /\S/;
        if (!$now && $line[$i] =~ /^\s*#/) { push @piece, {text => "#", first => $i, last => $i}; next; }
        $now //= {text => "", first => $i};
        if ($depth == 0 && $line[$i] =~ /^\{\s*$/ && $now->{text} =~ /\)\s*$/) { $now->{body} = $i; }
        $now->{text} .= "$line[$i]\n";
        $depth += () = $line[$i] =~ /\{/g;
        $depth -= () = $line[$i] =~ /\}/g;
        if ($depth == 0 && $line[$i] =~ /[;}]\s*$/) { $now->{last} = $i; push @piece, $now; undef $now; }
    }
    return @piece;
}

my (@file, %global, %root);
for my $path (@ARGV) {
    open my $in, '<', $path or die "lines-by-role: cannot read $path: $!\n";
    local $/ = undef;
    my $code = <$in>;
    my @raw = split /\n/, $code;
    my @line = split /\n/, bare($code);
    push @line, '' while @line < @raw;
    my $file = {path => $path, raw => \@raw, line => \@line, piece => [pieces(@line)], own => {}};
    for my $piece (@{$file->{piece}}) {
        next unless defined $piece->{body};
        my ($name) = $piece->{text} =~ /(\w+)\s*\(/ or next;
        $piece->{name} = $name;
        if ($piece->{text} =~ /^\s*static\b/ && $path =~ /\.c$/) { $file->{own}{$name} = $piece; }
        else { $global{$name} = $piece; }
        $piece->{file} = $file;
    }
    push @file, $file;
}

# Functions that a step reaches.
sub reach
{
    my ($file, $name) = @_;
    my $piece = $file->{own}{$name} // $global{$name} or return;
    return if $piece->{reached}++;
    my $body = $piece->{text};
    reach($piece->{file}, $_) for $body =~ /\b([a-z]\w*)\b/g;
}
for my $file (@file) {
    for my $piece (grep { !defined $_->{body} && $_->{text} =~ /struct\s+dsgd_algorithm\s+\w+\s*=/ } @{$file->{piece}}) {
        while ($piece->{text} =~ /\.(\w+)\s*=\s*(\w+)/g) { reach($file, $2) if $step{$1}; }
    }
}

# Role of one statement in a function that a step reaches, without comments.
sub in_step
{
    my $text = shift;
    $text =~ s/\s+/ /g;
    $text =~ s/^ | $//g;
    return 'scaffolding' if $text =~ /^[{}]*( ?else ?\{?)?$/ || $text =~ /^\} else/ || $text =~ /^\(void\)/;
    return 'scaffolding' if $text =~ /^return(?: [A-Za-z_]\w*)?;$/;
    return 'scaffolding' if $text =~ /^DSGD_TRY\((?:dsgd_message|codec|chosen)\w*\(/ || $text =~ /^return (?:dsgd_message|codec)\w*\(/;
    return 'scaffolding' if $text =~ /dsgd_fail\(|no_memory\(/;
    return 'scaffolding' if $text =~ /^if \(!?\w+(?: \|\| !?\w+)*\) \{$/ && $text =~ /!/;
    my $type = qr/(?:(?:static|const|struct|enum|unsigned) )*\w+ [\w* ]*?/;
    my $one = qr/\*?\w+(?:\[\w+\])?(?: = (?:\(?\(?[\w ]+\*?\)?)?$lookup\)?)?/;
    return 'scaffolding' if $text !~ /^return\b/ && $text =~ /^$type\*?$one(?:, $one)*;$/;
    return 'statements';
}

my (@row, %all);
for my $file (@file) {
    my @is;
    for my $piece (@{$file->{piece}}) {
        my $role = defined $piece->{body} ? 'plumbing' : 'head';
        $role = 'parameters' if !defined $piece->{body} && $piece->{text} =~ /^\s*struct config\s*\{|struct dsgd_param\s+\w+\[\]/;
        @is[$piece->{first} .. $piece->{last}] = ($role) x ($piece->{last} - $piece->{first} + 1);
        next unless $piece->{reached};
        @is[$piece->{first} .. $piece->{body}] = ('scaffolding') x ($piece->{body} - $piece->{first} + 1);
        my ($text, $from) = ('', $piece->{body} + 1);
        for my $i ($piece->{body} + 1 .. $piece->{last}) {
            $text .= "$file->{line}[$i]\n";
            next unless $file->{line}[$i] =~ /[;{}]\s*$/;
            @is[$from .. $i] = (in_step($text)) x ($i - $from + 1);
            ($text, $from) = ('', $i + 1);
        }
    }
    my %n = map { $_ => 0 } @role;
    for my $i (0 .. $#{$file->{raw}}) {
        next unless $file->{raw}[$i] =~ /\S/;
        ++$n{$file->{line}[$i] =~ /\S/ ? $is[$i] // 'head' : 'head'};
    }
    (my $name = $file->{path}) =~ s{.*/}{};
    push @row, [$name, \%n];
    $all{$_} += $n{$_} for @role;
}

sub row
{
    my ($name, $n) = @_;
    my $lines = 0;
    $lines += $n->{$_} for @role;
    my $code = $n->{plumbing} + $n->{scaffolding} + $n->{statements};
    printf "| %s | %d | %s | %s |\n", $name, $lines, join(' | ', map { $n->{$_} } @role), $code ? sprintf('%.0f %%', 100 * $n->{statements} / $code) : '';
}
printf "| file | lines | %s | share |\n|---|%s\n", join(' | ', @role), '--:|' x (@role + 2);
row(@$_) for @row;
row('all', \%all);
