using System.CommandLine;
using System.Text;
using OpdCode.Daemon.Commands;
using OpdCode.Daemon.Serving;

// First of all: the standard streams of a daemon belong to the protocol, and nobody may have touched them before.
ProcessStreams? wire = ServeCommand.IsAskedFor(args) ? ProcessStreams.Take() : null;

// What goes into a pipe or a file is UTF-8 everywhere; a Windows console's code page is for its window only.
// Ctrl+C is the commands' own (Interrupts): the library would end a run that is still saving itself.
var streams = new InvocationConfiguration { ProcessTerminationTimeout = null };
if (Console.IsOutputRedirected) streams.Output = Utf8(Console.OpenStandardOutput());
if (Console.IsErrorRedirected) streams.Error = Utf8(Console.OpenStandardError());
return await OpdCodeCommand.Invoke(args, streams, wire);

static StreamWriter Utf8(Stream stream) => new(stream, new UTF8Encoding(false)) { AutoFlush = true };
