using OpdCode.Models.Decoding;
using OpdCode.Models.Generation;
using OpdCode.Models.Generation.Cpu;
using OpdCode.Recipes;

namespace OpdCode.Models.Preflight;

/// <summary>
/// Counts what the loop allocates, for the longest prompts and responses that it can meet: a run whose answers stay short
/// needs less. <c>opdcode bench memory</c> holds it against real runs; the table is in docs/memory.md.
/// </summary>
internal static class MemoryEstimator
{
    private const long Float = sizeof(float);

    // .NET, libtorch and its thread pools, measured with a model of 100,000 weights.
    private const long Runtime = 275_000_000;

    // The fused loss cuts rows so that a chunk of logits is at most this large; one chunk for each model.
    private const long ChunkBytes = 80_000_000;

    // Elementwise work runs over blocks of this many elements, about eight of them at a time.
    private const long BlockBytes = 640_000 * Float * 8;

    private const int EvaluationBatch = 256;

    // The C library of Linux keeps what tensors below its largest threshold leave behind, in pieces: 1.4 bytes are held
    // for each that is kept to the backward pass, 1.6 for each that comes and goes, 2.5 where whole blocks come and go
    // (fitted to bench memory). Other systems give such memory back at once; the tenth is a guess, not measured.
    private const long LargestPieceBytes = 32L << 20;
    private const double KeptPieces = 1.4, PassingPieces = 1.6, RecomputedPieces = 2.5, ElsewherePieces = 1.1;

    /// <summary>The estimate.</summary>
    public static MemoryEstimate Estimate(MemoryInputs inputs)
    {
        Recipe recipe = inputs.Recipe;
        DecoderConfig student = inputs.Student;
        bool samples = recipe.Objective is not SupervisedObjectiveRecipe;
        long sequences = (long)recipe.Rollout.PromptsPerStep * (samples ? recipe.Rollout.SamplesPerPrompt : 1);
        long micro = recipe.Optimizer.MicroBatch > 0 ? Math.Min(recipe.Optimizer.MicroBatch, sequences) : sequences;
        long adapter = BlockMemory.AdapterWeights(recipe.Student.Lora, student);
        long trained = adapter > 0 ? adapter : student.ParameterCount;

        // Adapters, moments and master weights are float32 whatever the weights are.
        long number = Bytes(recipe.Student.Type), gradient = trained * (adapter > 0 ? Float : number);
        long moments = 2 * trained * Float + (adapter == 0 && number < Float && recipe.Optimizer.MasterWeights ? trained * Float : 0);
        if (recipe.Acceleration is not null) moments += 2 * trained * Float; // where the weights were, and where they are to go back to
        long weights = student.ParameterCount * number + adapter * Float;
        long judges = samples ? Judges(inputs, adapter, number) : 0;
        long sampling = Sampling(inputs, adapter, number, samples ? sequences : 0);

        (double kept, double passing) = inputs.Device.IsCuda || !OperatingSystem.IsLinux() ? (ElsewherePieces, ElsewherePieces)
            : (KeptPieces, recipe.Optimizer.ActivationCheckpointing ? RecomputedPieces : PassingPieces);
        (long activations, long loss) = Training(inputs, micro);
        if (recipe.Pretraining is { Coefficient: > 0 } pretraining)
        {
            // Excerpts of a text come after the rollouts, and are a prompt of one token and a response.
            long excerpts = pretraining.Excerpts ?? recipe.Rollout.PromptsPerStep;
            (long Activations, long Loss) text = Training(inputs with { PromptTokens = 1, JudgePromptTokens = 1, ResponseTokens = Math.Min(pretraining.Tokens, student.ContextLimit) - 1 },
                recipe.Optimizer.MicroBatch > 0 ? Math.Min(recipe.Optimizer.MicroBatch, excerpts) : excerpts);
            if (text.Activations + text.Loss > activations + loss) (activations, loss) = text;
        }
        return new MemoryEstimate
        {
            Runtime = Runtime,
            Student = weights,
            Gradients = gradient,
            Optimizer = moments,
            Teacher = judges,
            Sampling = sampling,
            Activations = activations,
            Loss = loss,
            Peak = Runtime + weights + judges + gradient + moments + Math.Max(sampling, activations + loss),
            Free = inputs.Device.FreeBytes,
            Total = inputs.Device.TotalBytes,
        };

        (long Activations, long Loss) Training(MemoryInputs shape, long sequencesAtOnce) =>
            ((long)Kept(shape, number, sequencesAtOnce, kept), (long)(Passing(shape, number, adapter == 0, sequencesAtOnce, sequencesAtOnce * shape.ResponseTokens) * passing));
    }

    // Everything that judges and is not the student as it is: a teacher, a copy of the student, a base to go away from.
    private static long Judges(MemoryInputs inputs, long adapter, long number)
    {
        long copy = adapter > 0 ? 0 : inputs.Student.ParameterCount * number, bytes = 0;
        string judgeType = inputs.Recipe.Student.Type;
        if (inputs.Recipe.Signal is TeacherSignalRecipe teacher) (bytes, judgeType) = ((inputs.Teacher?.ParameterCount ?? 0) * Bytes(teacher.Type), teacher.Type);
        if (inputs.Recipe.Signal is SelfSignalRecipe { Weights: not SelfWeights.Live } self) bytes = adapter > 0 && self.Weights == SelfWeights.Ema ? adapter * Float : copy;
        if (inputs.Recipe.Signal?.Extrapolation is { } extrapolation)
            bytes += extrapolation.Base is null ? copy : (inputs.Base?.ParameterCount ?? 0) * Bytes(judgeType);
        return bytes;
    }

    // The most that any writing holds: rollouts, answers of an evaluation, a judge's own responses, stages of a harness.
    private static long Sampling(MemoryInputs inputs, long adapter, long number, long sequences)
    {
        Recipe recipe = inputs.Recipe;
        long most = 0;
        if (sequences > 0) Write(inputs.Student, adapter, number, sequences, inputs.PromptTokens, inputs.ResponseTokens, recipe.Rollout.Temperature == 0);
        if (recipe.Evaluate is { } evaluate)
            Write(inputs.Student, adapter, number, evaluate.Count > 0 ? Math.Min(evaluate.Count, EvaluationBatch) : EvaluationBatch, inputs.PromptTokens, recipe.Rollout.MaxNewTokens, isGreedy: true);
        if (sequences > 0 && recipe.Signal?.Context is HarnessContextRecipe harness)
            Write(inputs.Student, adapter, number, sequences, inputs.JudgePromptTokens, harness.MaxNewTokens, harness.Temperature == 0);
        if (sequences > 0 && (recipe.Signal is { WritesPreferred: true } || recipe.OffPolicy is { Text: "judge" }))
        {
            (DecoderConfig writer, long type) = inputs.Teacher is { } teacher ? (teacher, Bytes(((TeacherSignalRecipe)recipe.Signal!).Type)) : (inputs.Student, number);
            Write(writer, 0, type, sequences, inputs.JudgePromptTokens, inputs.ResponseTokens, isGreedy: false);
        }
        return most;

        void Write(DecoderConfig writer, long adapterWeights, long type, long count, int prompt, int response, bool isGreedy)
        {
            bool onProcessor = Kernels.Best is not null && CpuMemory.Fits(writer) && type == Float && !inputs.Device.IsCuda;
            most = Math.Max(most, onProcessor
                ? CpuMemory.Bytes(writer, adapterWeights, count, prompt, response)
                : OnTensors(writer, type, inputs.Vocabulary, count, prompt, response, isGreedy));
        }
    }

    // With tensors, a part of the rows at a time. Prefill makes a block's outputs for all prompts; a step adds logits and what sampling makes of them.
    private static long OnTensors(DecoderConfig c, long number, int vocabulary, long sequences, int promptTokens, int responseTokens, bool isGreedy)
    {
        sequences = Math.Min(sequences, TensorGeneration.PlacesFor(vocabulary));
        long capacity = promptTokens + responseTokens + KeyValueCache.Block;
        long keyValues = 2L * c.Layers * c.KeyValueHeads * c.HeadSize * capacity * number;
        // Logits as computed and in float32; of sampling, log-probabilities, their exponentials, and these once more, cut into parts.
        long logits = c.VocabularySize * (number < Float ? number + Float : Float) + vocabulary * (isGreedy ? Float : 3 * Float);
        return sequences * (keyValues + Math.Max(promptTokens * new BlockMemory(c, number).All, logits));
    }

    // What stays from the student's forward pass to its backward pass.
    private static double Kept(MemoryInputs inputs, long number, long micro, double pieces)
    {
        DecoderConfig c = inputs.Student;
        long tokens = micro * (inputs.PromptTokens + inputs.ResponseTokens - 1), rows = micro * inputs.ResponseTokens;
        if (inputs.Recipe.Optimizer.ActivationCheckpointing) return tokens * c.HiddenSize * number * c.Layers * pieces;
        var block = new BlockMemory(c, number, inputs.Recipe.Student.Lora);
        double bytes = (double)tokens * c.Layers * block.Kept - (double)(tokens - rows) * block.KeptBehindAttention;
        // Gate and up lie in one tensor, their activation and its product in one each: those are the widest.
        long inner = tokens * c.IntermediateSize * number;
        double large = (2 * inner > LargestPieceBytes ? 2 * inner : 0) + (inner > LargestPieceBytes ? 2 * inner : 0);
        large = Math.Min(bytes, large * c.Layers);
        return large + (bytes - large) * pieces;
    }

    // What comes and goes while that is kept, at its most: a judge's reading, the loss, the backward pass.
    private static long Passing(MemoryInputs inputs, long number, bool trainsHead, long micro, long rows)
    {
        DecoderConfig c = inputs.Student;
        var block = new BlockMemory(c, number, inputs.Recipe.Student.Lora);
        long tokens = micro * (inputs.PromptTokens + inputs.ResponseTokens - 1), judged = micro * (inputs.JudgePromptTokens + inputs.ResponseTokens - 1);
        bool recomputes = inputs.Recipe.Optimizer.ActivationCheckpointing, isJudged = inputs.Recipe.Objective is not SupervisedObjectiveRecipe && inputs.Recipe.Signal is not null;
        string judgeType = (inputs.Recipe.Signal as TeacherSignalRecipe)?.Type ?? inputs.Recipe.Student.Type;
        DecoderConfig judge = inputs.Teacher ?? c;
        long reading = isJudged ? judged * new BlockMemory(judge, Bytes(judgeType)).All : 0;
        long head = trainsHead ? c.VocabularySize * (long)c.HiddenSize * Float : 0; // also kept until the embedding's gradient joins it
        long chunk = Math.Min(ChunkBytes, rows * inputs.Vocabulary * number) * (isJudged ? 2 : 1) + Math.Min(BlockBytes, 8 * rows * inputs.Vocabulary * Float);
        long loss = head + chunk + rows * (3L * c.HiddenSize + (isJudged ? judge.HiddenSize : 0)) * Float;
        long forward = tokens * (recomputes ? block.All : block.All - block.Kept);
        long backward = head + tokens * (block.Backward + (recomputes ? block.All : 0));
        return Math.Max(Math.Max(forward, reading), Math.Max(Math.Max(loss, backward), 3 * head));
    }

    private static long Bytes(string type) => type == "bfloat16" ? 2 : Float;
}
