using OpdCode.Distillation.Kernels;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>
/// Logits of C rows on their way to a loss, where kernels reach them: from there on a row is read three times and written
/// once, and nothing of its size is kept beside it.
/// </summary>
internal sealed unsafe class LogitChunk
{
    private readonly torch.Tensor _student_CV, _teacher_CV, _ids_C;
    private readonly double _studentTemperature, _teacherTemperature;
    private readonly RowSignalBuffers _signals;
    private readonly bool _withGradient;

    /// <summary>Wraps the rows; <paramref name="signals"/> are the buffers of the same rows.</summary>
    public LogitChunk(torch.Tensor student_CV, double studentTemperature, torch.Tensor teacher_CV, double teacherTemperature, torch.Tensor ids_C, RowSignalBuffers signals, bool withGradient)
    {
        (_student_CV, _teacher_CV, _ids_C, _signals, _withGradient) = (student_CV, teacher_CV, ids_C.contiguous(), signals, withGradient);
        (_studentTemperature, _teacherTemperature) = (studentTemperature, teacherTemperature);
    }

    /// <summary>Whether kernels reach logits of this type and place.</summary>
    public static bool Reaches(torch.Tensor logits_CV) =>
        IRowKernels.Best is not null && (ProcessorMemory.Reaches(logits_CV) || ProcessorMemory.Reaches(logits_CV, torch.ScalarType.BFloat16));

    /// <summary>Fills loss, log-probabilities and entropies of every row, and puts the gradient in place of the student's logits where it is wanted.</summary>
    public void Fill<TFormula>(TFormula formula) where TFormula : struct, IDivergenceFormula
    {
        long rows = _student_CV.shape[0], columns = _student_CV.shape[1];
        bool isHalf = _student_CV.dtype == torch.ScalarType.BFloat16;
        byte* student = ProcessorMemory.Of<byte>(_student_CV), teacher = ProcessorMemory.Of<byte>(_teacher_CV);
        long* ids = ProcessorMemory.Of<long>(_ids_C);
        float* loss = ProcessorMemory.Of<float>(_signals.Loss_N);
        float* studentLogprob = ProcessorMemory.Of<float>(_signals.StudentLogprob_N), studentEntropy = ProcessorMemory.Of<float>(_signals.StudentEntropy_N);
        float* teacherLogprob = ProcessorMemory.Of<float>(_signals.TeacherLogprob_N!), teacherEntropy = ProcessorMemory.Of<float>(_signals.TeacherEntropy_N!);
        IRowKernels kernels = IRowKernels.Best!;
        ProcessorMemory.Parallel(rows, columns, (first, end) =>
        {
            using NativeFloats? wide = isHalf ? new NativeFloats(2 * columns) : null;
            for (long r = first; r < end; r++)
            {
                float* s = wide is null ? (float*)student + r * columns : wide.Start, t = wide is null ? (float*)teacher + r * columns : wide.Start + columns;
                if (wide is not null)
                {
                    Bfloat16Kernel.Widen((ushort*)student + r * columns, s, columns);
                    Bfloat16Kernel.Widen((ushort*)teacher + r * columns, t, columns);
                }
                RowStatistics plainS = kernels.Statistics(s, columns, 1), plainT = kernels.Statistics(t, columns, 1); // shown at temperature 1, whatever the loss uses
                (studentLogprob[r], studentEntropy[r]) = (plainS.LogProbability(s[ids[r]]), (float)plainS.Entropy);
                (teacherLogprob[r], teacherEntropy[r]) = (plainT.LogProbability(t[ids[r]]), (float)plainT.Entropy);
                double value = kernels.Divergence(formula,
                    s, _studentTemperature == 1 ? plainS : kernels.Statistics(s, columns, (float)(1 / _studentTemperature)),
                    t, _teacherTemperature == 1 ? plainT : kernels.Statistics(t, columns, (float)(1 / _teacherTemperature)), columns, _withGradient);
                loss[r] = value < 0 ? 0 : (float)value; // what is below 0 is rounding; NaN stays NaN
                if (wide is not null && _withGradient) Bfloat16Kernel.Nearest(s, (ushort*)student + r * columns, columns);
            }
        });
    }
}
