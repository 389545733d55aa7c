using System.Numerics;
using TorchSharp;

namespace OpdCode.Distillation.Kernels;

/// <summary>Value and gradient of a divergence in two passes over rows that lie in the cache.</summary>
internal static unsafe class CentredKernel
{
    /// <summary>Fills the values of all rows and, where wanted, the gradients.</summary>
    /// <param name="formula">The divergence.</param>
    /// <param name="logStudent_RV">log S; overwritten: with the gradient on the logits where it is wanted.</param>
    /// <param name="student_RV">S.</param>
    /// <param name="logTeacher_RV">log T.</param>
    /// <param name="teacher_RV">T.</param>
    /// <param name="value_R">Filled, ≥ 0.</param>
    /// <param name="withGradient">Whether the gradient is wanted.</param>
    public static void Fill<TFormula>(TFormula formula, torch.Tensor logStudent_RV, torch.Tensor student_RV, torch.Tensor logTeacher_RV, torch.Tensor teacher_RV,
        torch.Tensor value_R, bool withGradient) where TFormula : struct, ICentredFormula
    {
        long rows = student_RV.shape[0], columns = student_RV.shape[1];
        float* logS = ProcessorMemory.Of<float>(logStudent_RV), s = ProcessorMemory.Of<float>(student_RV);
        float* logT = ProcessorMemory.Of<float>(logTeacher_RV), t = ProcessorMemory.Of<float>(teacher_RV), value = ProcessorMemory.Of<float>(value_R);
        ProcessorMemory.Parallel(rows, columns, (first, end) =>
        {
            for (long r = first, at = first * columns; r < end; r++, at += columns)
                value[r] = Row(formula, logS + at, s + at, logT + at, t + at, columns, withGradient);
        });
    }

    private static float Row<TFormula>(TFormula formula, float* logS, float* s, float* logT, float* t, long columns, bool withGradient)
        where TFormula : struct, ICentredFormula
    {
        int width = Vector<float>.Count;
        long whole = columns - columns % width;
        var mean = new DoubleSum();
        var extras = new DoubleSum();
        Vector<float> extra;
        for (long i = 0; i < whole; i += width)
        {
            Vector<float> student = Vector.Load(s + i), x = formula.At(Vector.Load(logS + i), student, Vector.Load(logT + i), Vector.Load(t + i), out extra);
            x.Store(logS + i);
            mean.Add(x * student);
            extras.Add(extra);
        }
        for (long i = whole; i < columns; i++)
        {
            // One lane stands for one outcome, so that the last few are computed exactly like the rest.
            Vector<float> student = new(s[i]), x = formula.At(new(logS[i]), student, new(logT[i]), new(t[i]), out extra);
            logS[i] = x[0];
            mean.Add(x[0] * s[i]);
            extras.Add(extra[0]);
        }
        double sum = mean.Value;
        if (withGradient)
        {
            float centre = (float)sum, scale = formula.Scale;
            for (long i = 0; i < whole; i += width) ((Vector.Load(logS + i) - new Vector<float>(centre)) * Vector.Load(s + i) * scale).Store(logS + i);
            for (long i = whole; i < columns; i++) logS[i] = (logS[i] - centre) * s[i] * scale;
        }
        double value = formula.Scale * sum + extras.Value;
        return value < 0 ? 0 : (float)value; // NaN stays NaN
    }
}
