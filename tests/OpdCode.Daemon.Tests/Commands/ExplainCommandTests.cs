using System.Text.Json;
using OpdCode.Daemon.Commands;

namespace OpdCode.Daemon.Tests.Commands;

public sealed class ExplainCommandTests
{
    private const string Case = """
        {"objective":{"kind":"divergence","divergence":"forward-kl"},"stabilizers":[],
         "sequences":[{"student":[[1,2,3,0]],"teacher":[[3,1,0.5,-2]],"sampled":[2],"mask":[1]}]}
        """;

    [Fact]
    public void Json_holds_loss_tokens_gradient_and_notes()
    {
        (int exit, string output, _) = Run(Case, "--json");
        Assert.Equal(0, exit);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal(1.582514335, root.GetProperty("loss").GetDouble(), 1e-9);
        JsonElement token = root.GetProperty("sequences")[0].GetProperty("tokens")[0];
        foreach (string name in new[] { "studentLogprob", "teacherLogprob", "divergence", "advantage", "weight", "loss", "studentEntropy", "teacherEntropy", "studentMass", "teacherMass" })
            Assert.True(token.TryGetProperty(name, out _), name);
        double[] gradient = root.GetProperty("sequences")[0].GetProperty("gradient")[0].EnumerateArray().Select(g => g.GetDouble()).ToArray();
        Assert.Equal(4, gradient.Length);
        Assert.Equal(0, gradient.Sum(), 1e-12);
        Assert.StartsWith("forward-kl: KL(teacher‖student)", root.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_shows_the_loss_and_the_label()
    {
        (int exit, string output, _) = Run(Case);
        Assert.Equal(0, exit);
        Assert.Contains("Loss 1.582514", output, StringComparison.Ordinal);
        Assert.Contains("full vocabulary, exact", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refused_objective_is_one_line_with_its_code()
    {
        (int exit, string output, string error) = Run("""{"objective":{"kind":"policy-gradient","estimator":"k3"},"sequences":[{"student":[[1,0]],"teacher":[[0,1]]}]}""", "--json");
        Assert.Equal(1, exit);
        Assert.Empty(output);
        Assert.StartsWith("OPD1303 k3", error, StringComparison.Ordinal);
    }

    internal static (int Exit, string Output, string Error) Invoke(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int exit = OpdCodeCommand.Create().Parse(arguments).Invoke(new System.CommandLine.InvocationConfiguration { Output = output, Error = error });
        return (exit, output.ToString(), error.ToString());
    }

    private static (int Exit, string Output, string Error) Run(string question, params string[] options)
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, question);
        try
        {
            return Invoke(["explain", file, .. options]);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
