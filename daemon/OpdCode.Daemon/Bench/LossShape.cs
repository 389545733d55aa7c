namespace OpdCode.Daemon.Bench;

/// <summary>What one measurement of the loss benchmark runs on.</summary>
/// <param name="Objective">Name of the loss in the benchmark.</param>
/// <param name="Rows">Trained tokens N.</param>
/// <param name="Vocabulary">Head rows V.</param>
/// <param name="StudentWidth">Student width D.</param>
/// <param name="TeacherWidth">Teacher width M.</param>
/// <param name="Dtype">float32 or bfloat16.</param>
/// <param name="Repeat">Runs; the fastest counts.</param>
internal sealed record LossShape(string Objective, int Rows, int Vocabulary, int StudentWidth, int TeacherWidth, string Dtype, int Repeat);
