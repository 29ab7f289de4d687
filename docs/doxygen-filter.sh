#!/usr/bin/env bash
# doxygen-filter.sh FILE - a header whose plain C comments have become Doxygen's, on stdout.
#
# The comment on top describes the file. A comment at the end of a line belongs to all that the line declares. A line without
# one shares the comment of its neighbours above, up to a blank line; a field without any stands under its name: it is
# explained by its struct. So structs, enums, functions and macros must have comments of their own, fields need not.
set -euo pipefail
perl -e '
my ($doc, $fresh, $inside, $open) = ("", 0, 0, 0);
while (my $line = <>) {
    $line =~ s{^/\* (\S+\.h) - }{/** \@file\n * } if $. == 1;
    $line =~ s{((?:/\*|^\s*\*).*)}{$1 =~ s/<([A-Za-z0-9_ ]+)>/\\<$1\\>/gr}e; # a placeholder is no HTML
    if ($inside) { # a comment of several lines
        print $line;
        $doc .= $line;
        $inside = 0 if $line =~ m{\*/};
    } elsif ($open) { # a declaration of several lines
        print $line;
        $open = 0 if $line =~ /;\s*$/;
    } elsif ($line =~ m{^\s*/\*\*? *(.*?) *(\*/)?\s*$} and ($2 or $line !~ m{\*/})) {
        ($doc, $inside) = ("$1", !$2);
        $fresh = $line =~ m{/\*\*};
        $doc .= "\n" if $inside;
        print $line;
    } elsif ($line =~ /^\s*(#.*)?$/ or $line =~ /^\S.*[{}]/ or $line =~ /^\s+(struct \{|\})/) {
        $line =~ s{^(\s+\} (\w+);)$}{$1 /**< \@c $2 */};
        print $line =~ s{(\S\s+)/\* (.*?) \*/}{$1/**< $2 */}r;
        ($doc, $fresh) = ("", 0);
    } elsif ($line =~ m{^(\s*)([A-Za-z].*;)(?:\s*/\*(?!\*) *(.*?) *\*/)?\s*$}) {
        my ($indent, $code, $text) = ($1, $2, $3 // clean($doc));
        if ($code =~ /^[^;]*\(/) { # a function, or a pointer to one
            print $fresh || !$text ? "" : "$indent/** $text */ ", "$indent$code\n";
        } else {
            my ($type, $names) = $code =~ /^(.*?[A-Za-z0-9_>]\s+)(\**\w+(?:\[[^\]]*\])*(?:\s*,.*)?);$/ or do { print $line; next; };
            my $first = 1;
            for my $name (split /\s*,\s*/, $names) {
                my ($word) = $name =~ /(\w+)/;
                print $indent, "$type$name;", $fresh && $first && !defined $3 ? "" : " /**< " . ($text || "\@c $word") . " */";
                $first = 0;
            }
            print "\n";
        }
        $fresh = 0;
    } elsif ($line =~ m{^\s+[A-Z][A-Z0-9_]*(\s*=.*?)?,?\s*/\*}) { # a value of an enum
        print $line =~ s{/\* }{/**< }r;
    } else { # the first line of a longer declaration or a body
        print "/** ", clean($doc), " */ " if !$fresh and $doc and $line =~ /^\s*[a-z].*\(/;
        print $line;
        $open = $line =~ /^\s*[a-z].*\(/ && $line !~ /[{;]\s*$/;
        $fresh = 0;
    }
}
sub clean { my $text = shift; $text =~ s{\*/|^\s*\*}{}gm; $text =~ s/\s+/ /g; $text }
' "$1"
