#!/usr/bin/env perl
# faults.pl - finds where faults can be planted in the kernels, and plants them. For mutations.sh.
#
#   faults.pl list SOURCE              a line a fault: number, name, file, line, what it means; tabs between
#   faults.pl plant SOURCE FOLDER      writes sim/cuda and convex/cuda with all faults in them to FOLDER; files that do not change keep their times
#
# By themselves are found, in sim/cuda and convex/cuda:
#   barrier  a __syncthreads, __syncwarp or gpu_grid_sync that is left out
#   plain    an atomic that is a read and a write; store: a write alone
#   clear    a cudaMemsetAsync that is left out
#   wait     a wait of the host or of a stream, or a record of what is waited for, that is left out
#   bound    a comparison with what stands for a thread (made of threadIdx or blockIdx) that lets one more through
# The others, and those that are none, are in mutations.txt, whose head says how.
use strict;
use warnings;

my ($command, $source, $folder) = @ARGV;
die "faults: expected list SOURCE or plant SOURCE FOLDER\n" unless defined $source and ($command eq 'list' or ($command eq 'plant' and defined $folder));

sub slurp { my ($name) = @_; open(my $in, '<', $name) or die "faults: cannot read $name\n"; local $/; return scalar <$in>; }

# FNV-1a of 32 bits: the number of a name does not change with what comes before it.
sub number_of
{
    my $hash = 2166136261;
    for (unpack 'C*', $_[0]) { $hash = (($hash ^ $_) * 16777619) & 0xffffffff; }
    return $hash;
}

# Where an operand that begins at $at ends: at the level of parentheses where it began.
sub end_of_operand
{
    my ($code, $at) = @_;
    my $depth = 0;
    for (; $at < length $code; ++$at) {
        my $here = substr($code, $at, 1);
        if ($here =~ /[(\[{]/) { ++$depth; }
        elsif ($here =~ /[)\]}]/) { last if $depth-- == 0; }
        elsif ($depth == 0) { last if $here =~ /[?;,:]/ or substr($code, $at, 2) =~ /^(?:&&|\|\|)$/; }
    }
    return $at;
}

my (@fault, %edit, %seen); # edit: file -> [begin, end, text]
sub fault
{
    my ($name, $file, $line, $meaning) = @_;
    my $number = number_of($name);
    die "faults: $name has the number of $seen{$number}\n" if $seen{$number};
    $seen{$number} = $name;
    push @fault, [$number, $name, $file, $line, $meaning];
    return $number;
}
sub edit { my ($file, $begin, $end, $text) = @_; push @{$edit{$file}}, [$begin, $end, $text]; }

# The function, or struct of functions, round each place: what begins last at the left margin.
sub look_at
{
    my ($file, $text) = @_;
    my $code = $text;
    $code =~ s{(/\*.*?\*/|//[^\n]*)}{my $blank = $1; $blank =~ s/[^\n]/ /g; $blank}gse;
    (my $short = $file) =~ s{/cuda/}{/};
    my ($function, %count, %thread) = ('');
    my $where = sub { my ($what) = @_; return "$short:$function:$what" . ++$count{"$function $what"}; };
    my ($start, $line) = (0, 0);
    for my $row (split /^/, $code) {
        my $at = $start;
        $start += length $row;
        ++$line;
        if ($row =~ /^\S/ and $row !~ /^[#{}]/) {
            (my $head = $row) =~ s/__launch_bounds__\([^)]*\)//;
            $head =~ s/^template <.*?> (?=static|struct|void|_)//;
            if ($head =~ /^struct (\w+)[^;(]*\{/ or $head =~ /(\w+)\s*\(/) { $function = $1; %thread = ('threadIdx.x' => 1); }
        }
        # what stands for a thread: declared with a thread's or block's number, or with what is made of one
        my $names = join '|', map { quotemeta } sort keys %thread;
        while ($row =~ /\b(\w+) = /g) {
            my ($name, $from) = ($1, $+[0]);
            my $to = end_of_operand($row, $from);
            my $value = substr($row, $from, $to - $from);
            if (substr($row, $to, 1) ne '?' and ($value =~ /\b(?:threadIdx|blockIdx|number_of\(\)|convex_lane\(\))/ or ($names ne '' and $value =~ /^\(?(?:$names)\b/))) {
                $thread{$name} = 1;
                $names = join '|', map { quotemeta } sort keys %thread;
            }
        }
        while ($row =~ /(?<!define )\b(?:__syncthreads|__syncwarp|gpu_grid_sync)\([^;]*\);/g) {
            my $n = fault($where->('barrier'), $file, $line, 'a barrier is left out');
            edit($file, $at + $-[0], $at + $+[0], "if (!emu_fault($n)) { $& }");
        }
        while ($row =~ /\b(atomic[A-Z]\w*)\(/g) {
            my ($atomic, $from, $to) = ($1, $-[0], $+[0]);
            my $plain = fault($where->('plain'), $file, $line, "$atomic in two steps");
            my $store = $atomic eq 'atomicExch' ? $plain : fault($where->('store'), $file, $line, "$atomic only stores");
            edit($file, $at + $from, $at + $to, "emu_faulty_$atomic(emu_atomic_faults($plain, $store), ");
        }
        while ($row =~ /(?<=[;{}\s])(?<![\w=] )((?:cuda_keep\([\w.>-]+, |\(void\)|\w+ = )?(cudaMemsetAsync|cudaStreamSynchronize|cudaStreamWaitEvent|cudaEventRecord|follow)\([^;]*\);)/g) {
            my ($statement, $call, $from, $to) = ($1, $2, $-[1], $+[1]);
            my $n = fault($where->($call eq 'cudaMemsetAsync' ? 'clear' : 'wait'), $file, $line, "$call is left out");
            edit($file, $at + $from, $at + $to, "if (!emu_fault($n)) { $statement }");
        }
        next if $names eq '' or $row !~ /[<>]/;
        while ($row =~ m{(?<![\w.>)\]*])(?<![-+*/%] )(\*?(?:[\w.]+ [-+*/%] )*[\w.]+) (>=|<) }g) {
            my ($chain, $from, $right) = ($1, $-[0], $+[0]);
            next if $chain =~ / - / or $chain !~ /(?<![\w.])(?:$names)(?![\w.])/;
            my $to = end_of_operand($row, $right);
            my ($whole, $value) = (substr($row, $from, $to - $from), substr($row, $right, $to - $right));
            my $left = substr($row, $from, $right - $from);
            my $more = $left;
            $more =~ s/>= $/> / or $more =~ s/< $/<= /;
            my $n = fault($where->('bound'), $file, $line, "$more$value");
            edit($file, $at + $from, $at + $to, "(emu_fault($n) ? $more$value : $whole)");
        }
    }
}

chdir $source or die "faults: no folder $source\n";
my @file = grep { $_ ne 'sim/cuda/gpu.h' } sort glob('sim/cuda/*.cu sim/cuda/*.h convex/cuda/*.cu convex/cuda/*.h');
my %text = map { $_ => slurp($_) } @file;
for my $file (@file) { look_at($file, $text{$file}); }

# The table: faults that are written by hand, and those found above that are none.
my %none;
my $table = 'tests/emulator/mutations.txt';
for my $entry (split /\n\s*\n/, slurp($table)) {
    $entry =~ s/^#.*\n?//gm;
    next unless $entry =~ /\S/;
    my ($head, @lines) = split /\n/, $entry;
    if ($head =~ /^none (\S+): (.+)$/) { $none{$1} = $2; next; }
    my ($name, $file, $meaning) = $head =~ /^(\S+) ([^\s:]+): (.+)$/ or die "$table: cannot read \"$head\"\n";
    die "$table: $name: no file $file\n" unless defined $text{$file};
    my $line;
    my @change;
    while (@lines) {
        my ($old, $new) = splice(@lines, 0, 2);
        ($old =~ s/^- // and defined $new and $new =~ s/^\+ // and $new =~ /PLANTED/) or die "$table: $name: expected pairs of lines \"- \" and \"+ \", with PLANTED\n";
        my $count = () = $text{$file} =~ /\Q$old\E/g;
        die "$table: $name: its text occurs $count times in $file, expected once: $old\n" if $count != 1;
        my $begin = index $text{$file}, $old;
        $line //= 1 + (substr($text{$file}, 0, $begin) =~ tr/\n//);
        push @change, [$begin, $begin + length $old, $new];
    }
    my $n = fault($name, $file, $line, $meaning);
    for (@change) {
        $_->[2] =~ s/\bPLANTED\b/emu_fault($n)/g;
        edit($file, @$_);
    }
}
for my $name (sort keys %none) { die "$table: none $name: there is no such fault\n" unless grep { $_->[1] eq $name } @fault; }

if ($command eq 'list') {
    for (sort { $a->[2] cmp $b->[2] or $a->[3] <=> $b->[3] or $a->[1] cmp $b->[1] } @fault) {
        print join("\t", @$_), defined $none{$_->[1]} ? "\tnone: $none{$_->[1]}" : '', "\n";
    }
    exit 0;
}
for my $file (@file) {
    my $text = $text{$file};
    my $after = length $text;
    for (sort { $b->[0] <=> $a->[0] } @{$edit{$file} // []}) {
        my ($begin, $end, $new) = @$_;
        die "faults: $file: two faults in one place: " . substr($text{$file}, $begin, $end - $begin) . "\n" if $end > $after;
        substr($text, $begin, $end - $begin) = $new;
        $after = $begin;
    }
    my $to = "$folder/$file";
    next if -e $to and slurp($to) eq $text;
    (my $room = $to) =~ s{/[^/]+$}{};
    my $path = '';
    for (split m{/}, $room) { $path .= "$_/"; mkdir $path unless -d $path; }
    open(my $out, '>', $to) or die "faults: cannot write $to\n";
    print $out $text;
    close $out or die "faults: cannot write $to\n";
}
