using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>Whose probabilities an importance ratio compares.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImportanceRatio>))]
public enum ImportanceRatio
{
    /// <summary>p_trainer / p_sampler: corrects a sampler that computes otherwise than the trainer.</summary>
    [JsonStringEnumMemberName("trainer-sampler")] TrainerSampler,

    /// <summary>p_teacher / p_student: weighs tokens by how much the teacher prefers them (the clip of ListOPD as its notes print it).</summary>
    [JsonStringEnumMemberName("teacher-student")] TeacherStudent,
}
