using System.Globalization;
using System.Text.Json;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Commands;

public sealed class ScoreCommandTests : IDisposable
{
    private const string Response = "b7, é: 12";
    private readonly TemporaryFolder _folder = new();
    private readonly string _student, _teacher;

    public ScoreCommandTests()
    {
        _student = Write(_folder.File("student"), 1, gain: 4);
        _teacher = Write(_folder.File("teacher"), 2, hidden: 48, gain: 6);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("reverse-kl")]
    [InlineData("forward-kl")]
    [InlineData("jsd")]
    public async Task Numbers_equal_an_independent_forward_pass(string divergence)
    {
        JsonElement result = await CommandLine.Json(Arguments("--divergence", divergence));
        JsonElement feedback = result.GetProperty("feedback");
        int[] prompt = result.GetProperty("promptIds").Ints(), response = feedback.GetProperty("tokenIds").Ints();
        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(Response).Select(b => (int)b), response); // a byte vocabulary
        double[][] student_TV = ForwardPass.Logprobs(_student, [.. prompt, .. response]), teacher_TV = ForwardPass.Logprobs(_teacher, [.. prompt, .. response]);
        double[] ofStudent = feedback.GetProperty("studentLogprobs").Doubles(), ofTeacher = feedback.GetProperty("teacherLogprobs").Doubles(), found = feedback.GetProperty("divergence").Doubles();
        for (int t = 0; t < response.Length; t++)
        {
            double[] s = student_TV[prompt.Length + t - 1], q = teacher_TV[prompt.Length + t - 1]; // what is predicted stands one place before
            Assert.Equal(s[response[t]], ofStudent[t], 1e-5);
            Assert.Equal(q[response[t]], ofTeacher[t], 1e-5);
            Assert.Equal(Divergence(divergence, s, q), found[t], 1e-5);
            Assert.Equal(1 + q.Count(x => x > q[response[t]]), feedback.GetProperty("teacherRank")[t].GetInt32());
            Assert.Equal(Array.IndexOf(q, q.Max()), feedback.GetProperty("teacherTopIds")[t][0].GetInt32());
        }
        JsonElement totals = result.GetProperty("totals");
        Assert.Equal(response.Length, totals.GetProperty("tokens").GetInt32());
        Assert.Equal(ofStudent.Sum(), totals.GetProperty("studentLogprob").GetDouble(), 1e-6);
        Assert.Equal(ofTeacher.Sum(), totals.GetProperty("teacherLogprob").GetDouble(), 1e-6);
        Assert.Equal(found.Average(), totals.GetProperty("meanDivergence").GetDouble(), 1e-6);
    }

    [Fact]
    public async Task Log_ratio_is_student_minus_teacher()
    {
        JsonElement feedback = (await CommandLine.Json(Arguments())).GetProperty("feedback");
        string text = (await CommandLine.Invoke(Arguments())).Output;
        Assert.DoesNotContain('\u001b', text); // no terminal, no colours
        string[] lines = text.Split('\n');
        double[] ofStudent = feedback.GetProperty("studentLogprobs").Doubles(), ofTeacher = feedback.GetProperty("teacherLogprobs").Doubles();
        Assert.Contains(ofStudent.Zip(ofTeacher), pair => pair.First > pair.Second);
        Assert.Contains(ofStudent.Zip(ofTeacher), pair => pair.First < pair.Second);
        for (int t = 0; t < ofStudent.Length; t++)
        {
            string ratio = (ofStudent[t] - ofTeacher[t]).ToString("+0.000;-0.000;0.000", CultureInfo.InvariantCulture);
            Assert.Contains(lines, line => line.TrimStart().StartsWith($"{t + 1} ", StringComparison.Ordinal) && line.Contains(ratio, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_model_that_judges_itself_finds_nothing()
    {
        JsonElement result = await CommandLine.Json("score", "--student", _student, "--teacher", _student, "--prompt", "ab", "--response", Response);
        Assert.All(result.GetProperty("feedback").GetProperty("divergence").Doubles(), d => Assert.Equal(0, d, 1e-6));
    }

    private string[] Arguments(params string[] more) => ["score", "--student", _student, "--teacher", _teacher, "--prompt", "ab1", "--response", Response, .. more];

    /// <summary>The formulas in double precision: S student, T teacher, M their even mixture.</summary>
    private static double Divergence(string name, double[] logS, double[] logT)
    {
        double Kl(double[] a, Func<int, double> b) => a.Select((log, v) => Math.Exp(log) * (log - b(v))).Sum();
        double LogM(int v) => Math.Log((Math.Exp(logS[v]) + Math.Exp(logT[v])) / 2);
        return name switch
        {
            "reverse-kl" => Kl(logS, v => logT[v]),
            "forward-kl" => Kl(logT, v => logS[v]),
            _ => (Kl(logS, LogM) + Kl(logT, LogM)) / 2,
        };
    }
}
