using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Methods;

/// <summary>PBSD (methods A, section 6) by enumeration: one state, every pair of outcomes.</summary>
public sealed class PairMethodTests
{
    private static readonly double[] s_teacher = [.5, .3, .2];
    private static readonly double[] s_student = [.2, .3, .5];

    [Fact] // y+ from the judge, y− from the student, each pair as likely as the two texts: the published loss, exactly, and it descends
    public void The_preset_has_the_gradient_of_the_published_pair_loss()
    {
        double[] z = [.. s_student.Select(p => Math.Log(p))], gradient = new double[3];
        for (int chosen = 0; chosen < 3; chosen++)
            for (int rejected = 0; rejected < 3; rejected++)
            {
                double[] own = Pair(z, chosen, rejected).Gradient;
                for (int v = 0; v < 3; v++) gradient[v] += s_teacher[chosen] * s_student[rejected] * (own[v] + own[3 + v]);
            }
        double Expected(double[] at)
        {
            double[] s = ToyRows.Softmax(at);
            double Ratio(int y) => Math.Log(s[y] / s_teacher[y]);
            double sum = 0;
            for (int chosen = 0; chosen < 3; chosen++)
                for (int rejected = 0; rejected < 3; rejected++) sum += s_teacher[chosen] * s_student[rejected] * Math.Log(1 + Math.Exp(-.1 * (Ratio(chosen) - Ratio(rejected))));
            return sum;
        }
        for (int v = 0; v < 3; v++)
        {
            double[] up = [.. z], down = [.. z];
            up[v] += 1e-6;
            down[v] -= 1e-6;
            Assert.Equal((Expected(up) - Expected(down)) / 2e-6, gradient[v], 1e-8);
        }
        double[] stepped = [.. z.Select((x, v) => x - .1 * gradient[v])];
        Assert.True(Expected(stepped) < Expected(z));
        Assert.True(PlainDivergences.Kl(ToyRows.Softmax(stepped), s_teacher) < PlainDivergences.Kl(s_student, s_teacher));
    }

    [Fact] // y+ = y−: ln 2 and no gradient
    public void A_pair_of_equal_texts_teaches_nothing()
    {
        (double loss, double[] gradient) = Pair([.3, -.2, .7], 1, 1);
        Assert.Equal(Math.Log(2), loss, 1e-12);
        for (int v = 0; v < 3; v++) Assert.Equal(0, gradient[v] + gradient[3 + v], 1e-15);
    }

    [Fact]
    public void The_loss_falls_as_the_margin_grows_and_stays_finite()
    {
        double before = double.PositiveInfinity;
        foreach (double lead in new[] { -2000.0, -5, -1, 0, .5, 3, 2000 })
        {
            double loss = Pair([lead, 0, 0], 0, 1).Loss;
            Assert.True(loss < before && double.IsFinite(loss));
            before = loss;
        }
    }

    [Fact] // pi* ∝ T·exp(r/β): r = (1, 0, 0), β = 1 → (.731059, .161364, .107576)
    public void The_optimum_has_its_golden_value_and_at_least_the_judges_reward()
    {
        double[] best = Optimum([1, 0, 0], 1);
        ToyRows.Close([.731059, .161364, .107576], best, 1e-6);
        Assert.True(best[0] > s_teacher[0]);
    }

    [Fact] // DPO's identity: with pairs of full coverage labelled by Bradley–Terry, exact training ends at pi*. PBSD's own sampler is another one: nothing is claimed for it
    public void Trained_on_bradley_terry_labels_the_student_becomes_the_optimum()
    {
        double[] reward = [1, 0, -.5], z = [0, 0, 0];
        for (int i = 0; i < 400; i++)
        {
            double[] gradient = new double[3];
            for (int a = 0; a < 3; a++)
                for (int b = 0; b < 3; b++)
                {
                    if (a == b) continue;
                    using DisposeScope scope = torch.NewDisposeScope();
                    double[] own = Pair(z, a, b, beta: 1).Gradient;
                    double preferred = 1 / (1 + Math.Exp(reward[b] - reward[a]));
                    for (int v = 0; v < 3; v++) gradient[v] += preferred * (own[v] + own[3 + v]) / 6;
                }
            for (int v = 0; v < 3; v++) z[v] -= 4 * gradient[v];
        }
        ToyRows.Close(Optimum(reward, 1), ToyRows.Softmax(z), 1e-9);
    }

    private static double[] Optimum(double[] reward, double beta)
    {
        double[] raw = [.. s_teacher.Select((t, y) => t * Math.Exp(reward[y] / beta))];
        return [.. raw.Select(p => p / raw.Sum())];
    }

    /// <summary>The loss of one pair of one-token texts and its gradient at both; the preset's β unless another is given.</summary>
    private static (double Loss, double[] Gradient) Pair(double[] student, int chosen, int rejected, double? beta = null)
    {
        var objective = (PreferenceObjectiveRecipe)TabularScene.Recipe("pbsd").Objective;
        double[][] teacher = ToyRows.Log(s_teacher, s_teacher);
        (double loss, double[] gradient, _) = ToyRows.Run(ObjectiveFactory.Create(objective with { Beta = beta ?? objective.Beta }), ToyRows.From([student, student], teacher, [chosen, rejected]) with
        {
            Sequence_N = torch.tensor(new long[] { 0, 1 }), Rewards_B = torch.tensor(new double[] { 1, 0 }), Groups_B = torch.zeros(2, dtype: torch.ScalarType.Int64),
        });
        return (loss, gradient);
    }
}
