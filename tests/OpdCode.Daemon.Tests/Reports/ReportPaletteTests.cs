using System.Globalization;
using System.Text.RegularExpressions;
using OpdCode.Daemon.Reports;

namespace OpdCode.Daemon.Tests.Reports;

/// <summary>The palette is read from the style sheet that ships: contrast after WCAG 2.2, for both themes.</summary>
public sealed class ReportPaletteTests
{
    private const double Text = 4.5;
    private const double Graphics = 3;

    private static readonly Dictionary<string, string[]> s_palette = Regex
        .Matches(ReportPage.Resource("report.css"), @"--([a-z0-9-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\);")
        .ToDictionary(match => match.Groups[1].Value, match => new[] { match.Groups[2].Value, match.Groups[3].Value });

    public static TheoryData<string, string, double> Pairs
    {
        get
        {
            TheoryData<string, string, double> pairs = [];
            foreach (string background in new[] { "background", "panel" })
            {
                foreach (string text in new[] { "text", "strong", "muted", "link", "good", "bad", "positive-accent", "negative-accent" })
                {
                    pairs.Add(text, background, Text);
                }

                pairs.Add("control-line", background, Graphics);
            }

            foreach (string level in new[] { "1", "2", "3" })
            {
                pairs.Add("token-text", "positive-" + level, Text);
                pairs.Add("token-text", "negative-" + level, Text);
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Contrast_is_enough_in_light_and_dark(string foreground, string background, double least)
    {
        for (int theme = 0; theme < 2; theme++)
        {
            double contrast = Contrast(s_palette[foreground][theme], s_palette[background][theme]);
            Assert.True(contrast >= least, FormattableString.Invariant($"{foreground} on {background}, theme {theme}: {contrast:F2}, at least {least}"));
        }
    }

    [Fact]
    public void High_contrast_accents_reach_seven_on_white_and_black()
    {
        foreach (string accent in new[] { "contrast-positive-accent", "contrast-negative-accent" })
        {
            Assert.True(Contrast(s_palette[accent][0], "#FFFFFF") >= 7);
            Assert.True(Contrast(s_palette[accent][1], "#000000") >= 7);
        }
    }

    [Theory]
    [InlineData("positive-1", "#FDE3C4", "#40301C")]
    [InlineData("positive-2", "#F9C488", "#5C3E14")]
    [InlineData("positive-3", "#F0A04B", "#774A08")]
    [InlineData("negative-1", "#D6E6F4", "#1B3042")]
    [InlineData("negative-2", "#A9CCE8", "#1C4360")]
    [InlineData("negative-3", "#78B0DC", "#1A567F")]
    [InlineData("positive-accent", "#B45309", "#F0A04B")]
    [InlineData("negative-accent", "#0B6BB3", "#5AA9E6")]
    [InlineData("contrast-positive-accent", "#8A3B00", "#FFB454")]
    [InlineData("contrast-negative-accent", "#004C8C", "#6CC4FF")]
    [InlineData("token-text", "#3B3B3B", "#CCCCCC")]
    public void Token_colours_are_the_measured_ones(string name, string light, string dark) => Assert.Equal([light, dark], s_palette[name]);

    private static double Contrast(string first, string second)
    {
        double a = Luminance(first), b = Luminance(second);
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string colour)
    {
        double[] linear = [.. Enumerable.Range(0, 3).Select(i => Linear(int.Parse(colour.AsSpan(1 + 2 * i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0))];
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    }

    private static double Linear(double channel) => channel <= 0.04045 ? channel / 12.92 : Math.Pow((channel + 0.055) / 1.055, 2.4);
}
