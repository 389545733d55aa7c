using System.Text.Json.Nodes;
using OpdCode.Models.Decoding;
using OpdCode.Models.Native;
using OpdCode.Models.Preflight;
using OpdCode.Models.Templates;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Editing;

namespace OpdCode.Models.Tests.Preflight;

/// <summary>Each test spoils one thing about a copy of the arithmetic sample and expects exactly that to be found.</summary>
public sealed class RecipePreflightTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"preflight-{Guid.NewGuid():N}");

    public RecipePreflightTests()
    {
        string sample = Path.Combine(Root(), "samples", "arithmetic");
        foreach (string model in new[] { "student", "teacher" })
        {
            Directory.CreateDirectory(Path.Combine(_folder, model));
            foreach (string file in Directory.GetFiles(Path.Combine(sample, model), "*.json")) File.Copy(file, Path.Combine(_folder, model, Path.GetFileName(file)));
        }
        Data("train.jsonl", """{"prompt": "1+1", "completion": "1+1=2: 2", "answer": "2"}""", """{"prompt": "12*34", "completion": "x", "answer": "408"}""");
        Data("heldout.jsonl", """{"prompt": "5+5", "answer": "10"}""");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_sample_passes_and_says_what_it_needs()
    {
        PreflightReport report = Run();
        Assert.DoesNotContain(report.Problems, p => p.Severity == ProblemSeverity.Error);
        Assert.StartsWith("fits: ", report.Memory!.Summary, StringComparison.Ordinal);
        Assert.Contains("1+1", report.Prompt!.Student, StringComparison.Ordinal);
        Assert.True(report.Prompt.LongestTokens > report.Prompt.Tokens);
    }

    [Fact]
    public void Tokenizers_are_compared_by_content()
    {
        Edit("teacher/tokenizer.json", json =>
        {
            JsonObject vocabulary = json["model"]!["vocab"]!.AsObject();
            string[] two = [.. vocabulary.Select(v => v.Key).Take(2)];
            (vocabulary[two[0]], vocabulary[two[1]]) = (vocabulary[two[1]]!.DeepClone(), vocabulary[two[0]]!.DeepClone());
        });
        Problem problem = Assert.Single(Run().Problems, p => p.Code == ErrorCodes.TokenizersDiffer);
        Assert.Equal(("signal.model", ProblemSeverity.Error), (problem.Path, problem.Severity));
        Assert.Contains("for the student and", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Templates_are_compared_on_a_real_prompt()
    {
        Edit("teacher/tokenizer_config.json", json => json["chat_template"] = "{% for m in messages %}Q: {{ m.content }} A:{% endfor %}");
        Edit("student/tokenizer_config.json", json => json["chat_template"] = "{% for m in messages %}{{ m.content }}={% endfor %}");
        PreflightReport report = Run();
        Problem problem = Assert.Single(report.Problems, p => p.Code == ErrorCodes.TemplatesDiffer);
        Assert.Contains("\"1+1=\" for the student and \"Q: 1+1 A:\" for the teacher (character 1)", problem.Message, StringComparison.Ordinal);
        Assert.Equal("Q: 1+1 A:", report.Prompt!.Teacher);
    }

    [Fact]
    public void The_prompt_shown_is_the_prompt_that_is_trained_on()
    {
        Edit("student/tokenizer_config.json", json =>
        {
            json["bos_token"] ??= "<|bos|>";
            json["chat_template"] = "{{ bos_token }}{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}";
        });
        PromptPreview shown = Run().Prompt!;
        using LanguageModel model = LanguageModel.FromScratch(Path.Combine(_folder, "student"), ComputeDevice.Resolve("cpu"), 1);
        int[] trained = model.EncodeChat([new ChatMessage("user", "1+1")]);
        Assert.Equal(model.Tokenizer.Encode(shown.Student, SpecialTokens.None).Ids, trained);
        Assert.Equal(model.Tokenizer.BosId, trained[0]);
    }

    [Fact]
    public void Padding_of_the_head_is_named_and_is_no_fault()
    {
        Edit("teacher/config.json", json => json["vocab_size"] = 320);
        Assert.Equal(ProblemSeverity.Information, Assert.Single(Run().Problems, p => p.Code == ErrorCodes.VocabularySizesDiffer).Severity);
    }

    [Fact]
    public void A_teacher_that_ends_answers_otherwise_is_named()
    {
        Edit("teacher/config.json", json => json["eos_token_id"] = 65);
        Edit("teacher/tokenizer_config.json", json =>
        {
            json.Remove("eos_token");
            json.Remove("chat_template"); // it would say where an answer ends
        });
        Assert.Contains(Run().Problems, p => p is { Code: ErrorCodes.StopTokensDiffer, Path: "signal.model" });
    }

    [Fact]
    public void An_end_that_only_the_template_knows_and_stop_strings_are_noted()
    {
        Edit("student/tokenizer_config.json", json => json["eos_token"] = "<|pad|>");
        Edit("student/config.json", json => json.Remove("eos_token_id"));
        File.WriteAllText(Path.Combine(_folder, "student", "generation_config.json"), """{"stop_strings": ["Q:"]}""");
        Problem[] notes = [.. Run().Problems.Where(p => p is { Code: ErrorCodes.StopTokensDiffer, Path: "student.model" })];
        Assert.All(notes, p => Assert.Equal(ProblemSeverity.Information, p.Severity));
        Assert.Contains(notes, p => p.Message.Contains("<|end|> (257)", StringComparison.Ordinal));
        Assert.Contains(notes, p => p.Message.Contains("stop_strings", StringComparison.Ordinal));
    }

    [Fact]
    public void An_adapter_is_checked_as_its_base_and_takes_no_second_one()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "adapter"));
        string config = Path.Combine(_folder, "adapter", "adapter_config.json");
        File.WriteAllText(config, """{"peft_type": "LORA", "r": 4, "target_modules": ["q_proj"], "base_model_name_or_path": "student"}""");
        PreflightReport report = Run("student.model=adapter");
        Assert.DoesNotContain(report.Problems, p => p.Severity == ProblemSeverity.Error);
        Assert.NotNull(report.Memory);
        Assert.Contains(Run("student.model=adapter", """student.lora={"r": 4}""").Problems, p => p is { Code: ErrorCodes.AdapterInvalid, Path: "student.lora" });
        File.WriteAllText(config, """{"peft_type": "LORA", "r": 4, "target_modules": ["q_proj"], "base_model_name_or_path": "Some/Model"}""");
        Assert.Contains(Run("student.model=adapter").Problems, p => p is { Code: ErrorCodes.AdapterInvalid, Path: "student.model" });
    }

    [Fact]
    public void A_teacher_whose_head_lacks_rows_is_refused()
    {
        Edit("teacher/config.json", json => json["vocab_size"] = 200);
        Problem problem = Assert.Single(Run().Problems, p => p.Code == ErrorCodes.VocabularyMismatch);
        Assert.Equal(("signal.model", ProblemSeverity.Error), (problem.Path, problem.Severity));
    }

    [Fact]
    public void A_context_that_is_too_short_says_what_would_fit()
    {
        PreflightReport report = Run("rollout.maxNewTokens=5000");
        Problem problem = report.Problems.First(p => p.Code == ErrorCodes.ContextTooShort);
        Assert.Equal("rollout.maxNewTokens", problem.Path);
        Assert.Contains("Lower rollout.maxNewTokens to ", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_bad_line_is_listed_with_its_number()
    {
        Data("train.jsonl", """{"prompt": "1+1"}""", "{", """{"text": "a"}""");
        string[] messages = [.. Run().Problems.Where(p => p.Code == ErrorCodes.DataLineInvalid).Select(p => p.Message)];
        Assert.Equal(2, messages.Length);
        Assert.Contains("line 2: ", messages[0], StringComparison.Ordinal);
        Assert.Contains("line 3: ", messages[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_columns_and_leaked_prompts_are_found()
    {
        Data("train.jsonl", """{"prompt": "5+5"}""", """{"prompt": "5+5", "completion": "c"}""");
        Data("heldout.jsonl", """{"prompt": "5+5"}""");
        IReadOnlyList<Problem> problems = Run("objective={\"kind\":\"supervised\"}").Problems;
        Assert.Contains(problems, p => p is { Code: ErrorCodes.DataColumnMissing, Path: "data.train" } && p.Message.Contains("1 of 2 examples have no \"completion\"", StringComparison.Ordinal));
        Assert.Contains(problems, p => p is { Code: ErrorCodes.DataColumnMissing, Path: "evaluate.data" });
        Assert.Contains(problems, p => p is { Code: ErrorCodes.DataRepeated, Path: "evaluate.data" });
        Assert.Contains(problems, p => p is { Code: ErrorCodes.DataRepeated, Path: "data.train" });
    }

    [Fact]
    public void Completions_that_would_be_cut_are_named()
    {
        Data("train.jsonl", $$"""{"prompt": "1+1", "completion": "{{new string('7', 90)}}"}""");
        Assert.Contains(Run("objective={\"kind\":\"supervised\"}").Problems, p => p.Path == "rollout.maxNewTokens" && p.Message.Contains("line 1", StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_that_does_not_fit_says_what_would()
    {
        Edit("student/config.json", json =>
        {
            json["hidden_size"] = 8192;
            json["intermediate_size"] = 28672;
            json["num_hidden_layers"] = 80;
            json["num_attention_heads"] = 64;
            json["num_key_value_heads"] = 8;
        });
        PreflightReport report = Run();
        Assert.False(report.Memory!.Fits);
        Assert.Contains(report.Problems, p => p is { Code: ErrorCodes.MemoryTooSmall, Severity: ProblemSeverity.Error });
    }

    [Fact]
    public void Columns_that_a_context_names_must_be_in_the_data()
    {
        Problem problem = Assert.Single(Run("""signal.context={"kind": "template", "text": "{prompt} {completion} {hint} {other.answer}"}""").Problems, p => p.Code == ErrorCodes.DataColumnMissing);
        Assert.Equal("signal.context", problem.Path);
        Assert.Contains("2 of 2 examples have no \"hint\"", problem.Message, StringComparison.Ordinal);
        Assert.Contains(Run("""signal.context={"kind": "template", "text": "{prompt"}""").Problems, p => p is { Code: ErrorCodes.ContextInvalid, Path: "signal.context" });
        Assert.Contains(Run("""signal.context={"kind": "harness", "harness": "no-such"}""").Problems, p => p is { Code: ErrorCodes.FileNotFound, Path: "signal.context" });
        foreach (string model in new[] { "student", "teacher" }) Edit($"{model}/config.json", json => json["max_position_embeddings"] = 4096); // a harness says much
        Assert.DoesNotContain(Run("""signal.context={"kind": "harness", "hint": "answer"}""").Problems, p => p.Severity == ProblemSeverity.Error);
        Assert.Contains(Run("""signal.context={"kind": "harness", "hint": "solution"}""").Problems, p => p is { Code: ErrorCodes.DataColumnMissing, Path: "signal.context.hint" });
    }

    [Theory]
    [InlineData("""signal={"kind": "self", "context": {"kind": "template", "text": "{prompt} {completion}"}}""", "student.model")]
    [InlineData("""signal.context={"kind": "template", "text": "{prompt} {completion}"}""", "signal.model")]
    public void The_context_of_a_judge_counts_what_it_is_shown_besides(string signal, string judge)
    {
        Data("train.jsonl", $$"""{"prompt": "1+1", "completion": "{{new string('7', 70)}}", "answer": "2"}""");
        Assert.DoesNotContain(Run().Problems, p => p.Code == ErrorCodes.ContextTooShort);
        Edit($"{judge.Split('.')[0].Replace("signal", "teacher", StringComparison.Ordinal)}/config.json", json => json["max_position_embeddings"] = 100);
        Problem problem = Assert.Single(Run(signal).Problems, p => p.Code == ErrorCodes.ContextTooShort);
        Assert.Contains($"the context of {judge} ends at 100", problem.Message, StringComparison.Ordinal);
        Assert.Contains("signal.context adds", problem.Message, StringComparison.Ordinal);
        Assert.NotNull(problem.Fix);
    }

    [Fact]
    public void The_model_that_is_extrapolated_from_is_checked_like_a_teacher()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "base"));
        foreach (string file in Directory.GetFiles(Path.Combine(_folder, "teacher"))) File.Copy(file, Path.Combine(_folder, "base", Path.GetFileName(file)));
        const string extrapolation = """signal.extrapolation={"base": "base"}""";
        long without = Run().Memory!.Teacher;
        Assert.Equal(2 * without, Run(extrapolation).Memory!.Teacher);
        Edit("base/config.json", json => json["vocab_size"] = 200);
        Assert.Contains(Run(extrapolation).Problems, p => p is { Code: ErrorCodes.VocabularyMismatch, Path: "signal.extrapolation.base" });
        File.Delete(Path.Combine(_folder, "base", "tokenizer.json"));
        Assert.Contains(Run(extrapolation).Problems, p => p is { Code: ErrorCodes.TokenizerInvalid, Path: "signal.extrapolation.base" });
    }

    [Fact]
    public void A_copy_that_judges_takes_memory_as_well()
    {
        long Judges(string weights) => Run("""signal={"kind": "self", "weights": "W", "context": {"kind": "template", "text": "{answer} {prompt}"}}""".Replace("\"W\"", $"\"{weights}\"", StringComparison.Ordinal)).Memory!.Teacher;
        Assert.Equal(0, Judges("live"));
        Assert.Equal(Judges("frozen"), Judges("ema"));
        Assert.True(Judges("ema") > 0);
    }

    [Theory]
    [InlineData("1e-3", 1_000, null)]
    [InlineData("1e-5", 40_000, null)]
    [InlineData("1e-3", 40_000, "1e-5")]
    [InlineData("1e-9", 40_000, "1e-5")]
    public void The_learning_rate_is_held_against_the_size_of_the_model(string rate, int width, string? usual)
    {
        // Only config.json says how large it is: 24 blocks of this inner width.
        Edit("student/config.json", json =>
        {
            json["hidden_size"] = width == 40_000 ? 2048 : 64;
            json["num_hidden_layers"] = width == 40_000 ? 24 : 2;
            json["intermediate_size"] = width == 40_000 ? 8192 : 176;
        });
        Problem[] found = [.. Run($"optimizer.learningRate={rate}").Problems.Where(p => p.Code == ErrorCodes.LearningRateForSize)];
        if (usual is null) Assert.Empty(found);
        else Assert.EndsWith($"begin with {usual}.", Assert.Single(found).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Advice_names_settings_with_which_the_run_fits()
    {
        RecipeReading reading = Read("rollout.promptsPerStep=256", "rollout.maxNewTokens=64", "optimizer.learningRate=1e-3");
        DecoderConfig config = DecoderConfig.Load(Path.Combine(_folder, "student"));
        MemoryInputs inputs = new()
        {
            Recipe = reading.Recipe!, Student = config, Teacher = config, Vocabulary = 262, PromptTokens = 16, JudgePromptTokens = 16, ResponseTokens = 64,
            Device = new DeviceMemory(0, 0, IsCuda: false),
        };
        MemoryEstimate needed = MemoryEstimator.Estimate(inputs);
        long limit = needed.Runtime + (needed.Peak - needed.Runtime) / 3;
        (Cure cure, MemoryEstimate estimate) = MemoryAdvice.Find(inputs, limit)!.Value;
        Assert.True(estimate.Peak <= limit);
        Assert.Equal("optimizer.microBatch", Assert.Single(cure.Changes).Setting);
        Assert.Null(MemoryAdvice.Find(inputs, needed.Runtime));

        // More than is free, less than there is: the run may start, and a fix is offered.
        inputs = inputs with { Device = new DeviceMemory(needed.Peak + 1, limit, IsCuda: true) };
        Problem problem = Assert.Single(ResourceChecks.Memory(reading, inputs, MemoryEstimator.Estimate(inputs)));
        Assert.Equal(ProblemSeverity.Warning, problem.Severity);
        Assert.NotNull(problem.Fix);
    }

    [Fact]
    public void The_disk_is_that_of_the_runs()
    {
        Assert.True(ResourceChecks.FreeBytes(Path.Combine(_folder, "not", "yet", "there")) > 0);
        Problem problem = Assert.Single(Run("steps=1000000000", "checkpoint.every=1", "checkpoint.keep=0", "optimizer.learningRate=1e-3").Problems, p => p.Code == ErrorCodes.DiskTooSmall);
        Assert.Contains($"the disk of {_folder} has", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_says_how_much_memory_is_free()
    {
        DeviceMemory memory = ComputeDevice.Memory("cpu");
        Assert.False(memory.IsCuda);
        Assert.InRange(memory.FreeBytes, 1, memory.TotalBytes);
    }

    [Fact]
    public void Broken_model_folders_become_problems_at_their_settings()
    {
        File.Delete(Path.Combine(_folder, "teacher", "config.json"));
        File.WriteAllText(Path.Combine(_folder, "student", "tokenizer.json"), "{");
        IReadOnlyList<Problem> problems = Run().Problems;
        Assert.Contains(problems, p => p is { Code: ErrorCodes.ModelConfigInvalid, Path: "signal.model" });
        Assert.Contains(problems, p => p is { Code: ErrorCodes.TokenizerInvalid, Path: "student.model" });
    }

    [Fact] // excerpts of a pre-training text are sequences too: what counts is the longer of the two
    public void Long_excerpts_of_a_text_are_counted_and_short_ones_are_not()
    {
        File.WriteAllText(Path.Combine(_folder, "corpus.txt"), "text");
        MemoryEstimate without = Run("rollout.maxNewTokens=16").Memory!;
        Assert.Equal(without.Peak, With(8, 1).Peak);
        Assert.Equal(without.Peak, With(120, 0).Peak);
        Assert.True(With(120, 1).Activations > without.Activations);

        MemoryEstimate With(int tokens, int coefficient) => Run("rollout.maxNewTokens=16", $$"""pretraining={"data": "corpus.txt", "tokens": {{tokens}}, "coefficient": {{coefficient}}}""").Memory!;
    }

    private PreflightReport Run(params string[] overrides) => RecipePreflight.Run(Read(overrides), _folder);

    private RecipeReading Read(params string[] overrides)
    {
        const string recipe = """
            {
              "version": 1,
              "student": { "model": "student" },
              "objective": { "kind": "divergence" },
              "signal": { "kind": "teacher", "model": "teacher" },
              "data": { "train": "train.jsonl" },
              "evaluate": { "data": "heldout.jsonl" },
              "rollout": { "maxNewTokens": 48 }
            }
            """;
        RecipeReading reading = RecipeReader.Parse(recipe, Path.Combine(_folder, "r.opd.json"), overrides);
        Assert.NotNull(reading.Recipe);
        return reading;
    }

    private void Data(string file, params string[] lines) => File.WriteAllText(Path.Combine(_folder, file), string.Join('\n', lines));

    private void Edit(string file, Action<JsonObject> change)
    {
        string path = Path.Combine(_folder, file);
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OpdCode.sln"))) folder = folder.Parent;
        return folder!.FullName;
    }
}
