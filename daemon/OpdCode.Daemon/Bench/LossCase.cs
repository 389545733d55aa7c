namespace OpdCode.Daemon.Bench;

/// <summary>One line of the loss benchmark.</summary>
internal sealed record LossCase(string Objective, int Rows, int Vocabulary, string Dtype, LossFigures Fused, LossFigures? Dense, double MatrixProductSeconds);
