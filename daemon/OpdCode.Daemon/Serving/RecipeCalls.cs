using OpdCode.Models.Preflight;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Editing;
using OpdCode.Recipes.Methods;
using OpdCode.Recipes.Resolving;

namespace OpdCode.Daemon.Serving;

/// <summary>Recipes: read, check, resolve, write. The same code as on the command line.</summary>
internal sealed class RecipeCalls(IDaemonClient client, Session session) : IRecipeCalls
{
    /// <inheritdoc />
    public async Task<RecipeValidation> ValidateRecipe(ValidateRecipeParams parameters, CancellationToken cancel)
    {
        RecipeReading reading = RecipePaths.Check(Read(parameters));
        MethodInfo? method = reading.Recipe?.Method is { } name && MethodPresets.Find(name) is { } preset ? RecipeWire.Method(preset) : null;
        if (!parameters.Preflight || reading.Recipe is null)
            return new RecipeValidation { Problems = RecipeWire.Problems(reading), Ok = reading.Recipe is not null, Method = method };
        if (parameters.ProgressToken is { } token) await client.Progress(new Progress(token, "Checking models and data", null));
        PreflightReport report = RecipePreflight.Run(reading, session.RunsDirectory, cancel);
        RecipeReading all = reading.With(report.Problems);
        return new RecipeValidation
        {
            Problems = RecipeWire.Problems(all),
            Ok = all.Recipe is not null,
            Method = method,
            Estimate = report.Memory is { } memory ? RecipeWire.Estimate(memory) : null,
            Preview = report.Prompt is { } prompt ? new PromptPreviewText(prompt.Student, prompt.Teacher, prompt.Teacher is null || prompt.Teacher == prompt.Student) : null,
        };
    }

    /// <inheritdoc />
    public Task<RecipeResolution> ResolveRecipe(RecipeParams parameters, CancellationToken cancel)
    {
        RecipeReading reading = Read(parameters);
        if (reading.Recipe is null) return Task.FromResult(new RecipeResolution { Settings = [], Problems = RecipeWire.Problems(reading) });
        ResolvedRecipe resolved = RecipeResolver.Resolve(reading);
        return Task.FromResult(new RecipeResolution
        {
            Text = resolved.Text,
            Settings = [.. resolved.Origins.Select(o => new ResolvedSetting(o.Key, RecipeWire.ValueAt(resolved.Json, o.Key), o.Value))],
            Problems = RecipeWire.Problems(reading),
        });
    }

    /// <inheritdoc />
    public async Task<RecipeEstimate> EstimateRecipe(RecipeParams parameters, CancellationToken cancel)
    {
        RecipeReading reading = RecipePaths.Check(Read(parameters));
        if (reading.Recipe is null) throw FirstError(reading.Problems);
        if (parameters.ProgressToken is { } token) await client.Progress(new Progress(token, "Reading models and data", null));
        PreflightReport report = RecipePreflight.Run(reading, session.RunsDirectory, cancel);
        return report.Memory is { } memory ? RecipeWire.Estimate(memory) : throw FirstError(report.Problems);
    }

    /// <inheritdoc />
    public Task<MethodList> ListMethods(EmptyParams parameters, CancellationToken cancel) =>
        Task.FromResult(new MethodList([.. MethodPresets.All.Select(RecipeWire.Method)]));

    /// <inheritdoc />
    public Task<RecipeSchema> GetSchema(EmptyParams parameters, CancellationToken cancel) =>
        Task.FromResult(new RecipeSchema(OpdCode.Recipes.Schema.RecipeSchema.Generate()));

    /// <inheritdoc />
    public Task<RecipeText> NewRecipe(NewRecipeParams parameters, CancellationToken cancel)
    {
        MethodPreset? preset = parameters.Method is not { } name ? null : MethodPresets.Find(name)
            ?? throw new OpdException(ErrorCodes.UnknownValue, $"There is no method \"{name}\". There are {string.Join(", ", MethodPresets.All.Select(m => m.Name))}.");
        return Task.FromResult(new RecipeText(RecipeTemplate.Write(preset)));
    }

    /// <inheritdoc />
    public Task<RecipeText> EditRecipe(EditRecipeParams parameters, CancellationToken cancel) => Task.FromResult(new RecipeText(parameters.Value is { } value
        ? RecipeEditor.Set(parameters.Text, parameters.Setting, value)
        : RecipeEditor.Remove(parameters.Text, parameters.Setting)));

    private static RecipeReading Read(RecipeParams parameters) => parameters.Text is { } text
        ? RecipeReader.Parse(text, parameters.Path, parameters.Overrides)
        : RecipeReader.Read(parameters.Path, parameters.Overrides);

    private static OpdException FirstError(IReadOnlyList<Problem> problems)
    {
        Problem first = problems.First(p => p.Severity == ProblemSeverity.Error);
        return new OpdException(first.Code, first.Message);
    }
}
