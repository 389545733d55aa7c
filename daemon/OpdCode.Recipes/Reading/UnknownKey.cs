using System.Text.Json;
using OpdCode.Protocol;
using OpdCode.Recipes.Editing;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Reading;

/// <summary>Reports a key that no setting has, with what was probably meant: a near name here, or the same name elsewhere.</summary>
internal static class UnknownKey
{
    // What other frameworks call a setting; the names they use are what fingers type.
    private static readonly Dictionary<string, string> s_elsewhere = new(StringComparer.OrdinalIgnoreCase)
    {
        ["lr"] = "optimizer.learningRate",
        ["learning_rate"] = "optimizer.learningRate",
        ["batchSize"] = "rollout.promptsPerStep",
        ["batch_size"] = "rollout.promptsPerStep",
        ["per_device_train_batch_size"] = "optimizer.microBatch",
        ["num_generations"] = "rollout.samplesPerPrompt",
        ["group_size"] = "rollout.samplesPerPrompt",
        ["max_tokens"] = "rollout.maxNewTokens",
        ["max_new_tokens"] = "rollout.maxNewTokens",
        ["max_completion_length"] = "rollout.maxNewTokens",
        ["max_steps"] = "steps",
        ["max_grad_norm"] = "optimizer.clipNorm",
        ["warmup_steps"] = "optimizer.warmupSteps",
        ["lr_scheduler_type"] = "optimizer.schedule",
        ["dataset"] = "data.train",
        ["teacher"] = "signal",
        ["loss"] = "objective",
        ["rank"] = "r",
        ["lora_r"] = "student.lora.r",
        ["lora_alpha"] = "student.lora.alpha",
        ["use_rslora"] = "student.lora.rslora",
        ["save_steps"] = "checkpoint.every",
        ["save_total_limit"] = "checkpoint.keep",
        ["eval_steps"] = "evaluate.every",
    };

    public static void Report(ProblemList problems, LocatedMember member, RecordShape shape, string path, string? discriminator)
    {
        string where = path.Length == 0 ? "a recipe" : path;
        string full = path.Length == 0 ? member.Key : $"{path}.{member.Key}";
        string message = $"{LocatedValue.Quote(member.Key)} is not a setting of {where}.";
        IEnumerable<string> here = shape.Settings.Select(s => s.Name);
        if (discriminator is not null) here = here.Append(discriminator);
        ProblemFix? fix = null;
        if ((NearestName.Find(member.Key, here) ?? Known(member.Key, shape)) is { } nearest)
        {
            message += $" Did you mean \"{nearest}\"?";
            if (member.Value.Origin == ValueOrigin.Written)
                fix = problems.Replace(member.KeyStart, member.KeyEnd, JsonSerializer.Serialize(nearest), $"Replace by \"{nearest}\"");
        }
        else if (discriminator is not null && OtherKind(shape, member.Key, discriminator) is { } other)
        {
            message += $" It belongs to the {discriminator} {other}.";
            fix = problems.Fix(Cure.Remove(full));
        }
        else if ((s_elsewhere.GetValueOrDefault(member.Key) ?? Search(member.Key, RecordShape.Of(typeof(Recipe)), "")) is { } elsewhere)
        {
            message += $" The setting of that meaning is \"{elsewhere}\".";
            if (problems.Written(member.Value) is { } value)
                fix = problems.Fix(new Cure($"Move it to {elsewhere}", new SettingChange(full, null), new SettingChange(elsewhere, value)));
        }
        else
        {
            message += shape.Settings.Count == 0 ? " It has no settings." : $" Its settings are {string.Join(", ", shape.Settings.Select(s => s.Name))}.";
            fix = problems.Fix(Cure.Remove(full));
        }
        problems.Add(ErrorCodes.UnknownKey, ProblemSeverity.Error, full, member.KeyStart, member.KeyEnd, message, fix);
    }

    private static string? Known(string key, RecordShape shape) =>
        s_elsewhere.GetValueOrDefault(key)?.Split('.')[^1] is { } name && shape.ByName.ContainsKey(name) ? name : null;

    private static string? OtherKind(RecordShape shape, string key, string discriminator)
    {
        if (KindShape.Of(shape.Type.BaseType!) is not { } kinds || kinds.Discriminator != discriminator) return null;
        string[] names = [.. kinds.Kinds.Where(k => RecordShape.Of(k.Type).ByName.ContainsKey(key)).Select(k => $"\"{k.Name}\"")];
        return names.Length == 0 ? null : string.Join(" and ", names);
    }

    private static string? Search(string key, RecordShape shape, string path)
    {
        foreach (SettingShape setting in shape.Settings)
        {
            string at = path.Length == 0 ? setting.Name : $"{path}.{setting.Name}";
            if (path.Length > 0 && setting.Name.Equals(key, StringComparison.OrdinalIgnoreCase)) return at;
            if (!setting.Type.IsClass || setting.Type == typeof(string) || setting.Type.Assembly != typeof(Recipe).Assembly) continue;
            IEnumerable<Type> inside = KindShape.Of(setting.Type) is { } kinds ? kinds.Kinds.Select(k => k.Type) : [setting.Type];
            foreach (Type type in inside)
                if (Search(key, RecordShape.Of(type), at) is { } found) return found;
        }
        return null;
    }
}
