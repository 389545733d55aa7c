namespace OpdCode.Models.Generation.Cpu;

/// <summary>One token to compute: whose, which, and where it stands.</summary>
/// <param name="Sequence">Room for the position is reserved.</param>
/// <param name="Id">The token.</param>
/// <param name="Position">Its place in the sequence; all before it are computed, or stand earlier in the same batch.</param>
internal readonly record struct CpuRow(TokenSequence Sequence, int Id, int Position);
