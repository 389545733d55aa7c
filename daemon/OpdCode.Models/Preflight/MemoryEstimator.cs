using OpdCode.Models.Decoding;
using OpdCode.Models.Generation.Cpu;
using OpdCode.Recipes;

namespace OpdCode.Models.Preflight;

/// <summary>
/// Counts what the loop allocates. Weights are in memory in the type that the recipe names. Every forward pass keeps the output of every operation
/// until its micro-batch ends, because handles live as long as their scope; so that is what is counted, not only what
/// backward needs.
/// </summary>
/// <remarks>
/// The worst case: every response as long as it may be. Six runs that reached it on a CPU (1.2 to 4.0 GB: full weights,
/// adapter, micro-batches, long answers, many rollouts, supervised) peaked within 3 % of the estimate; a run whose
/// answers stay short needs less. Names: d width, q and k query and key-value width (heads × head size), f inner width.
/// </remarks>
internal static class MemoryEstimator
{
    private const long Float = 4;

    // .NET, libtorch and its thread pools, measured with a model of 100,000 weights.
    private const long Runtime = 330L << 20;

    // The fused loss cuts rows so that a chunk of logits is at most this large; one chunk for each model.
    private const long ChunkBytes = 80_000_000;

    // Elementwise work runs over blocks of this many elements, about eight of them at a time.
    private const long BlockBytes = 640_000 * Float * 8;

    private const int EvaluationBatch = 256;

    /// <summary>The estimate for the longest prompt and response that the run can meet.</summary>
    /// <param name="recipe">What runs.</param>
    /// <param name="student">The student's shape.</param>
    /// <param name="teacher">The teacher's shape; null without one.</param>
    /// <param name="vocabulary">Ids that can stand in a text.</param>
    /// <param name="promptTokens">The longest prompt.</param>
    /// <param name="responseTokens">The longest response.</param>
    /// <param name="available">What the machine has, in bytes; 0 when unknown.</param>
    public static MemoryEstimate Estimate(Recipe recipe, DecoderConfig student, DecoderConfig? teacher, int vocabulary, int promptTokens, int responseTokens, long available)
    {
        bool samples = recipe.Objective is not SupervisedObjectiveRecipe;
        long sequences = (long)recipe.Rollout.PromptsPerStep * (samples ? recipe.Rollout.SamplesPerPrompt : 1);
        long micro = recipe.Optimizer.MicroBatch > 0 ? Math.Min(recipe.Optimizer.MicroBatch, sequences) : sequences;
        long adapter = AdapterWeights(recipe.Student.Lora, student);
        long trained = adapter > 0 ? adapter : student.ParameterCount;

        // Adapters, moments and master weights are float32 whatever the weights are.
        long number = Bytes(recipe.Student.Type), gradient = trained * (adapter > 0 ? Float : number);
        long moments = 2 * trained * Float + (adapter == 0 && number < Float && recipe.Optimizer.MasterWeights ? trained * Float : 0);
        long weights = student.ParameterCount * number + adapter * Float;
        long teacherWeights = (teacher?.ParameterCount ?? 0) * Bytes((recipe.Signal as TeacherSignalRecipe)?.Type ?? "float32");
        bool onProcessor = Kernels.Best is not null && CpuMemory.Fits(student) && number == Float && !recipe.Device.StartsWith("cuda", StringComparison.Ordinal);
        long Writing(long count, int tokens, bool isGreedy) => onProcessor
            ? CpuMemory.Bytes(student, adapter, count, promptTokens, tokens)
            : Sampling(student, vocabulary, count, promptTokens, tokens, isGreedy);
        long sampling = samples ? Writing(sequences, responseTokens, isGreedy: recipe.Rollout.Temperature == 0) : 0;
        if (recipe.Evaluate is { } evaluate)
        {
            long answers = evaluate.Count > 0 ? Math.Min(evaluate.Count, EvaluationBatch) : EvaluationBatch;
            sampling = Math.Max(sampling, Writing(answers, recipe.Rollout.MaxNewTokens, isGreedy: true));
        }

        long positions = micro * (promptTokens + responseTokens - 1), rows = micro * responseTokens;
        long forward = ForwardElements(student) + AdapterElements(recipe.Student.Lora, student);
        if (recipe.Optimizer.ActivationCheckpointing) forward = forward / student.Layers + (long)student.Layers * student.HiddenSize;
        long activations = positions * (forward + BackwardElements(student)) * number;
        if (teacher is not null) activations += positions * ForwardElements(teacher) * Float;
        long loss = Loss(student, teacher, vocabulary, rows, trainsHead: adapter == 0);

        long held = Runtime + weights + teacherWeights + gradient + moments;
        return new MemoryEstimate
        {
            Runtime = Runtime,
            Student = weights,
            Gradients = gradient,
            Optimizer = moments,
            Teacher = teacherWeights,
            Sampling = sampling,
            Activations = activations,
            Loss = loss,
            Peak = held + Math.Max(sampling, activations + loss),
            Available = available,
        };
    }

    // With tensors. Prefill keeps its activations until the batch is written; a step adds logits and what sampling makes of them.
    private static long Sampling(DecoderConfig c, int vocabulary, long sequences, int promptTokens, int responseTokens, bool isGreedy)
    {
        long capacity = Math.Max(16, promptTokens + Math.Min(responseTokens, 256));
        while (capacity < promptTokens + responseTokens) capacity *= 2;
        long keyValues = 2L * c.Layers * c.KeyValueHeads * c.HeadSize * capacity;
        // Logits and log-probabilities in float32; cumulative sums and probabilities in float64; one comparison.
        long logitBytes = c.VocabularySize * Float + vocabulary * (isGreedy ? Float : Float + 8 + 8 + 1);
        return sequences * ((keyValues + (promptTokens + 1) * ForwardElements(c)) * Float + logitBytes);
    }

    private static long Loss(DecoderConfig student, DecoderConfig? teacher, int vocabulary, long rows, bool trainsHead)
    {
        long chunk = Math.Min(ChunkBytes, rows * vocabulary * Float);
        long bytes = chunk * (teacher is null ? 1 : 2) + Math.Min(BlockBytes, 8 * rows * vocabulary * Float);
        bytes += rows * (3L * student.HiddenSize + (teacher?.HiddenSize ?? 0)) * Float;
        // The gradient of the head, and that of the embedding, which index_select makes as a whole matrix.
        if (trainsHead) bytes += 2L * student.VocabularySize * student.HiddenSize * Float;
        return bytes;
    }

    // Outputs of every operation of a block, for one position, in the order of the code.
    private static long ForwardElements(DecoderConfig c)
    {
        long d = c.HiddenSize, q = (long)c.Heads * c.HeadSize, k = (long)c.KeyValueHeads * c.HeadSize, f = c.IntermediateSize;
        long norms = 6 * d, projections = q + 2 * k, rotation = 4 * q + 4 * k, attention = q + (c.Heads == c.KeyValueHeads ? 0 : 2 * q);
        long headNorms = c.QkNorm ? 3 * (q + k) : 0;
        long output = 2 * d, feedForward = 4 * f + 2 * d;
        return c.Layers * (norms + projections + headNorms + rotation + attention + output + feedForward) + 4 * d;
    }

    // What backward holds besides, at its widest place: the gradients around one feed-forward part.
    private static long BackwardElements(DecoderConfig c) => 7L * c.IntermediateSize + 2L * c.HiddenSize;

    private static IEnumerable<(long Inputs, (string Name, long Outputs)[] Parts)> Groups(DecoderConfig c)
    {
        long d = c.HiddenSize, q = (long)c.Heads * c.HeadSize, k = (long)c.KeyValueHeads * c.HeadSize, f = c.IntermediateSize;
        yield return (d, [("q_proj", q), ("k_proj", k), ("v_proj", k)]);
        yield return (q, [("o_proj", d)]);
        yield return (d, [("gate_proj", f), ("up_proj", f)]);
        yield return (f, [("down_proj", d)]);
    }

    private static long Bytes(string type) => type == "bfloat16" ? 2 : Float;

    private static long AdapterWeights(LoraRecipe? lora, DecoderConfig c) => lora is null ? 0
        : c.Layers * Groups(c).Sum(g => g.Parts.Where(p => IsTarget(lora, p.Name)).Sum(p => lora.R * (g.Inputs + p.Outputs)));

    // Each adapted part makes two products and a scaled copy; parts beside it are filled with zeros, joined, and added.
    private static long AdapterElements(LoraRecipe? lora, DecoderConfig c)
    {
        if (lora is null) return 0;
        long elements = 0;
        foreach ((_, (string Name, long Outputs)[] parts) in Groups(c))
        {
            if (!parts.Any(p => IsTarget(lora, p.Name))) continue;
            elements += parts.Sum(p => IsTarget(lora, p.Name) ? lora.R + 2 * p.Outputs : p.Outputs);
            elements += parts.Sum(p => p.Outputs) * (parts.Length > 1 ? 2 : 1);
        }
        return c.Layers * elements;
    }

    private static bool IsTarget(LoraRecipe lora, string name) => lora.TargetModules.Any(t => t == name || t.EndsWith("." + name, StringComparison.Ordinal));
}
