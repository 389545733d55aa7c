namespace OpdCode.Models.Generation.Cpu;

/// <summary>A sampled token.</summary>
/// <param name="Id">The token.</param>
/// <param name="SamplerLogprob">log p under the distribution it was drawn from, nats; 0 when greedy.</param>
/// <param name="PlainLogprob">log p under the model itself, nats.</param>
internal readonly record struct CpuChoice(int Id, float SamplerLogprob, float PlainLogprob);
