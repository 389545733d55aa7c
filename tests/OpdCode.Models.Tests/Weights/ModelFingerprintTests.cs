using OpdCode.Models.Weights;
using OpdCode.Protocol;

namespace OpdCode.Models.Tests.Weights;

public sealed class ModelFingerprintTests
{
    [Fact]
    public void Another_content_name_or_length_is_another_model_and_a_readme_is_not()
    {
        using var folder = new ScratchFolder();
        File.WriteAllText(folder.At("config.json"), "{}");
        File.WriteAllBytes(folder.At("model.safetensors"), new byte[1000]);
        string print = ModelFingerprint.Of(folder.Path);
        File.WriteAllText(folder.At("README.md"), "about");
        Assert.Equal(print, ModelFingerprint.Of(folder.Path));
        var prints = new HashSet<string> { print };
        File.WriteAllText(folder.At("config.json"), "{ }");
        Assert.True(prints.Add(ModelFingerprint.Of(folder.Path)));
        File.WriteAllBytes(folder.At("model.safetensors"), [.. new byte[999], 1]);
        Assert.True(prints.Add(ModelFingerprint.Of(folder.Path)));
        File.Move(folder.At("model.safetensors"), folder.At("other.safetensors"));
        Assert.True(prints.Add(ModelFingerprint.Of(folder.Path)));
        Assert.Equal(ErrorCodes.FileNotFound, Assert.Throws<OpdException>(() => ModelFingerprint.Of(folder.At("nowhere"))).Code);
    }

    [Fact]
    public void Of_a_large_file_the_length_the_beginning_and_the_end_count()
    {
        using var folder = new ScratchFolder();
        string path = folder.At("model.safetensors");
        var prints = new HashSet<string>();
        foreach ((long length, long changed) in new (long, long)[] { (70L << 20, -1), ((70L << 20) + 1, -1), (70L << 20, 5), (70L << 20, (70L << 20) - 1) })
        {
            using (var stream = new FileStream(path, FileMode.Create)) // holes: nothing is written but what is named
            {
                stream.SetLength(length);
                stream.Position = Math.Max(changed, 0);
                stream.WriteByte(changed < 0 ? (byte)0 : (byte)1);
            }
            Assert.True(prints.Add(ModelFingerprint.Of(folder.Path)), $"{length} {changed}");
        }
    }
}
