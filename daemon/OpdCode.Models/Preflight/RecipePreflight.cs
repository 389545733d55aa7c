using System.Globalization;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using OpdCode.Recipes.Rewards;

namespace OpdCode.Models.Preflight;

/// <summary>Checks a recipe against its models and data: everything that can be refused before a weight is loaded.</summary>
public static class RecipePreflight
{
    private const int MostLines = 20;

    /// <summary>Runs all checks that the recipe allows; whatever cannot be read becomes a problem at its setting.</summary>
    /// <param name="reading">A recipe without errors.</param>
    /// <param name="cancel">Checked while data are read.</param>
    public static PreflightReport Run(RecipeReading reading, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(reading);
        Recipe recipe = reading.Recipe ?? throw new InvalidOperationException("Only a recipe without errors can be tried against its models.");
        List<Problem> problems = [];
        ModelFacts? student = Load(reading, "student.model", recipe.Student.Model, problems);
        ModelFacts? teacher = recipe.Objective is not SupervisedObjectiveRecipe && recipe.Signal is TeacherSignalRecipe signal
            ? Load(reading, "signal.model", signal.Model, problems) : null;
        DataSurvey? train = Survey(reading, "data.train", recipe.Data.Train, problems, cancel);
        DataSurvey? heldOut = recipe.Evaluate?.Data is { } heldOutFile ? Survey(reading, "evaluate.data", heldOutFile, problems, cancel) : null;
        CheckColumns(reading, recipe, train, heldOut, problems);
        CheckDevice(reading, recipe, problems);

        PromptPreview? prompt = null;
        MemoryEstimate? memory = null;
        if (student is not null)
        {
            problems.AddRange(ModelChecks.OfStudent(reading, student));
            if (teacher is not null) problems.AddRange(ModelChecks.OfPair(reading, student, teacher));
            if (train is not null)
            {
                PromptChecks prompts = new(reading, recipe, student, teacher);
                prompt = prompts.Check(train);
                problems.AddRange(prompts.Problems);
                int response = recipe.Objective is SupervisedObjectiveRecipe ? CheckCompletions(reading, recipe, train, prompts, problems) : recipe.Rollout.MaxNewTokens;
                memory = MemoryEstimator.Estimate(recipe, student.Config, teacher?.Config, student.VocabularySize, Math.Max(prompts.LongestPrompt, 1), response, Available(recipe));
                CheckMemory(reading, recipe, student, teacher, Math.Max(prompts.LongestPrompt, 1), response, memory, problems);
            }
            CheckDisk(reading, recipe, student, problems);
        }
        return new PreflightReport { Problems = problems, Memory = memory, Prompt = prompt, Data = train?.Report };
    }

    private static ModelFacts? Load(RecipeReading reading, string setting, string folder, List<Problem> problems)
    {
        try
        {
            return ModelFacts.Load(setting, reading.FullPath(folder));
        }
        catch (OpdException e)
        {
            problems.Add(reading.ProblemAt(e.Code, ProblemSeverity.Error, setting, e.Message));
            return null;
        }
    }

    private static DataSurvey? Survey(RecipeReading reading, string setting, string file, List<Problem> problems, CancellationToken cancel)
    {
        try
        {
            DataSurvey survey = DataSurvey.Read(reading.FullPath(file), cancel);
            problems.AddRange(survey.Report.Problems.Take(MostLines).Select(p => reading.ProblemAt(ErrorCodes.DataLineInvalid, ProblemSeverity.Error, setting, p.Message)));
            if (survey.Report.Examples == 0)
                problems.Add(reading.ProblemAt(ErrorCodes.DataLineInvalid, ProblemSeverity.Error, setting, $"{survey.Report.File} holds no examples. Every line must be a JSON object with a \"prompt\"."));
            return survey;
        }
        catch (OpdException e)
        {
            problems.Add(reading.ProblemAt(e.Code, ProblemSeverity.Error, setting, e.Message));
            return null;
        }
    }

    private static void CheckColumns(RecipeReading reading, Recipe recipe, DataSurvey? train, DataSurvey? heldOut, List<Problem> problems)
    {
        void Need(DataSurvey? data, string setting, string column, string why)
        {
            if (data is null || data.Report.Examples == 0) return;
            int have = data.Report.Columns.GetValueOrDefault(column);
            if (have < data.Report.Examples)
                problems.Add(reading.ProblemAt(ErrorCodes.DataColumnMissing, ProblemSeverity.Error, setting,
                    $"{data.Report.File}: {data.Report.Examples - have:N0} of {data.Report.Examples:N0} examples have no \"{column}\", which {why}."));
        }

        if (recipe.Objective is SupervisedObjectiveRecipe) Need(train, "data.train", "completion", "the supervised objective learns from");
        if (recipe.Rewards.Any(r => r is ExactRewardRecipe or NumericRewardRecipe)) Need(train, "data.train", "answer", "a reward compares with");
        Need(heldOut, "evaluate.data", "answer", "the evaluation compares with");
        if (recipe.Evaluate is { Data: null }) Need(train, "data.train", "answer", "the evaluation of the held-out part compares with");
        if (train is null) return;
        if (train.Report.Duplicates > 0 && !recipe.Data.Deduplicate)
            problems.Add(reading.ProblemAt(ErrorCodes.DataRepeated, ProblemSeverity.Information, "data.train", $"{train.Report.File}: {train.Report.Duplicates:N0} of {train.Report.Examples:N0} prompts are repetitions. data.deduplicate passes them over."));
        int both = heldOut?.Prompts.Count(train.Prompts.Contains) ?? 0;
        if (both > 0 && train.Report.File != heldOut!.Report.File)
            problems.Add(reading.ProblemAt(ErrorCodes.DataRepeated, ProblemSeverity.Warning, "evaluate.data",
                $"{both:N0} of {heldOut.Prompts.Count:N0} held-out prompts are in the training file too: the score shows what was memorised. Remove them from one of the two."));
    }

    // Completions are cut at the longest response, like sampled ones; the end is then never learned.
    private static int CheckCompletions(RecipeReading reading, Recipe recipe, DataSurvey train, PromptChecks prompts, List<Problem> problems)
    {
        int longest = 0, line = 0;
        foreach (TrainingExample example in train.LongestCompletions)
            if (prompts.CompletionTokens(example) is int tokens && tokens > longest) (longest, line) = (tokens, example.Line);
        if (longest > recipe.Rollout.MaxNewTokens)
            problems.Add(reading.ProblemAt(ErrorCodes.PromptTooLong, ProblemSeverity.Warning, "rollout.maxNewTokens",
                $"{train.Report.File}, line {line}: the completion has {longest:N0} tokens and is cut at rollout.maxNewTokens, {recipe.Rollout.MaxNewTokens:N0}; its end is never learned. Raise it to {longest:N0}."));
        return Math.Max(Math.Min(longest, recipe.Rollout.MaxNewTokens), 1);
    }

    private static void CheckDevice(RecipeReading reading, Recipe recipe, List<Problem> problems)
    {
        // Asking for a CUDA device loads libtorch; without one in the recipe that second is saved.
        if (!recipe.Device.StartsWith("cuda", StringComparison.Ordinal)) return;
        try
        {
            ComputeDevice.Resolve(recipe.Device);
        }
        catch (OpdException e)
        {
            problems.Add(reading.ProblemAt(e.Code, ProblemSeverity.Error, "device", e.Message));
        }
    }

    // The memory of a CUDA device cannot be asked for without its driver's library; then the estimate stands alone.
    private static long Available(Recipe recipe) =>
        recipe.Device.StartsWith("cuda", StringComparison.Ordinal) ? 0 : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    private static void CheckMemory(RecipeReading reading, Recipe recipe, ModelFacts student, ModelFacts? teacher, int prompt, int response, MemoryEstimate memory, List<Problem> problems)
    {
        if (memory.Fits) return;
        string advice = "Use smaller models.";
        long sequences = (long)recipe.Rollout.PromptsPerStep * recipe.Rollout.SamplesPerPrompt;
        foreach (LoraRecipe? lora in new[] { recipe.Student.Lora, new LoraRecipe() })
        {
            for (long micro = recipe.Optimizer.MicroBatch > 0 ? recipe.Optimizer.MicroBatch : sequences; micro >= 1; micro /= 2)
            {
                Recipe tried = recipe with { Student = recipe.Student with { Lora = lora }, Optimizer = recipe.Optimizer with { MicroBatch = (int)micro } };
                MemoryEstimate estimate = MemoryEstimator.Estimate(tried, student.Config, teacher?.Config, student.VocabularySize, prompt, response, memory.Available);
                if (!estimate.Fits) continue;
                string adapter = lora is not null && recipe.Student.Lora is null ? " and student.lora { \"r\": 16 }" : "";
                problems.Add(Problem($"With optimizer.microBatch {micro.ToString(CultureInfo.InvariantCulture)}{adapter} it needs {MemoryEstimate.Show(estimate.Peak)}."));
                return;
            }
        }
        problems.Add(Problem(memory.Sampling > memory.Activations + memory.Loss ? "Most of it is for sampling: lower rollout.promptsPerStep or rollout.maxNewTokens." : advice));

        Problem Problem(string cure) => reading.ProblemAt(ErrorCodes.MemoryTooSmall, ProblemSeverity.Error, "student.model",
            $"The run needs about {MemoryEstimate.Show(memory.Peak)} and the machine has {MemoryEstimate.Show(memory.Available)}. {cure}");
    }

    private static void CheckDisk(RecipeReading reading, Recipe recipe, ModelFacts student, List<Problem> problems)
    {
        bool rounded = recipe.Checkpoint.Type == "bfloat16";
        // Beside the model a checkpoint holds what a resume needs: both moments of what is trained, and its weights where the model's are rounded. An adapter is small.
        long one = student.Config.ParameterCount * ((rounded ? 2 : 4) + (recipe.Student.Lora is null ? 8 + (rounded ? 4 : 0) : 0));
        long written = 1 + (recipe.Checkpoint.Every > 0 ? recipe.Steps / recipe.Checkpoint.Every : 0);
        // One more than is kept: the oldest goes only when the newest is complete. The best may be one of its own.
        long held = recipe.Checkpoint.Keep > 0 ? Math.Min(written, recipe.Checkpoint.Keep + 1 + (recipe.Checkpoint.KeepBest && recipe.Evaluate is not null ? 1 : 0)) : written;
        string here = Path.GetFullPath(".");
        long free = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(here)! : here).AvailableFreeSpace;
        if (held * one > free)
            problems.Add(reading.ProblemAt(ErrorCodes.DiskTooSmall, ProblemSeverity.Error, "checkpoint",
                $"{held} checkpoints of {MemoryEstimate.Show(one)} need {MemoryEstimate.Show(held * one)}; {here} has {MemoryEstimate.Show(free)} free. Keep fewer (checkpoint.keep) or store bfloat16 (checkpoint.type)."));
    }
}
