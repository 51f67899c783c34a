# Reads a TAP file with TAP::Parser and says whether the stream is well-formed.
#
# Parsers before 3.50 know versions 12 and 13 alone. Version 14 allows all that 13 does, and the
# streams checked here have no subtests, so that such a parser gets the older version line.
use strict;
use warnings;
use TAP::Parser;

my ($path) = @ARGV;
open my $file, '<:encoding(UTF-8)', $path or die "$path: $!\n";
my $tap = do { local $/; <$file> };
$tap =~ s/\ATAP version 14$/TAP version 13/m if $TAP::Parser::VERSION < 3.50;
my $parser = TAP::Parser->new({ tap => $tap });
my $results = 0;
while (my $result = $parser->next) {
    $results++ if $result->is_test;
    die "$path: unknown line: ", $result->raw, "\n" if $result->is_unknown;
}
die "$path: ", join("; ", $parser->parse_errors), "\n" if $parser->parse_errors;
die "$path: no test point\n" unless $results;
