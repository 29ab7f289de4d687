# apply.pl TABLE NAME TREE - plants the fault NAME in a tree. NAME "": prints all, a line each: name, file, meaning. NAME --check: whether all of
# them apply, each to the tree as it is; prints those that do not.
use strict;
use warnings;
my ($table, $wanted, $tree) = @ARGV;

# The file's text with the fault.
sub planted
{
    my ($name, $file, @lines) = @_;
    my $text = do { local $/; open(my $source, '<', "$tree/$file") or die "$name: no file $file\n"; <$source> };
    while (@lines) {
        my ($old, $new) = splice(@lines, 0, 2);
        ($old =~ s/^- // && defined $new && $new =~ s/^\+ //) or die "$name: expected pairs of lines \"- \" and \"+ \"\n";
        my $count = () = $text =~ /\Q$old\E/g;
        die "$name: its text occurs $count times in $file, expected once: $old\n" if $count != 1;
        $text =~ s/\Q$old\E/$new/;
    }
    return $text;
}

my ($faults, $stale) = (0, 0);
open(my $in, '<', $table) or die "$table: $!\n";
local $/ = "";
while (my $entry = <$in>) {
    next if $entry =~ /^#/;
    my ($head, @lines) = split /\n/, $entry;
    my ($name, $file, $meaning) = $head =~ /^(\S+) ([^\s:]+): (.+)$/ or die "table: cannot read \"$head\"\n";
    if ($wanted eq '') { print "$name\t$file\t$meaning\n"; next; }
    if ($wanted eq '--check') {
        ++$faults;
        eval { planted($name, $file, @lines); 1 } or do { print "FAILED: $@"; ++$stale; };
        next;
    }
    next if $name ne $wanted;
    my $text = planted($name, $file, @lines);
    open(my $out, '>', "$tree/$file") or die "$file: $!\n";
    print $out $text;
    exit 0;
}
if ($wanted eq '--check') {
    print "mutations: $faults faults, $stale do not apply\n";
    exit($stale > 0 || $faults == 0);
}
exit($wanted eq '' ? 0 : 1);
