using OpdCode.Models.Weights;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>A file that a user chose a place for: written in one go, so that a failure leaves what was there.</summary>
internal static class ChosenFile
{
    /// <summary>Writes it, replacing one that is there.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="OpdException">OPD1010: it cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        try
        {
            WholeFile.Replace(path, write);
        }
        catch (OpdException failure) when (failure.Code == ErrorCodes.RunFolder)
        {
            // The same refusal, but here it is not a run that suffers: another place cures it.
            throw new OpdException(ErrorCodes.FileNotWritten, $"{path} cannot be written: {failure.InnerException!.Message} Choose another place.", failure);
        }
    }
}
