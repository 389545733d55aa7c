using OpdCode.Distillation.Stabilizers;

namespace OpdCode.Distillation.Tests.Stabilizers;

public sealed class SentenceSplitterTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("One", "One")]
    [InlineData("One. Two! Three? Four", "One. |Two! |Three? |Four")]
    [InlineData("It is 3.14 or v1.2 here. Yes.", "It is 3.14 or v1.2 here. |Yes.")]
    [InlineData("He said \"no.\" Then (really!) left… Gone", "He said \"no.\" |Then (really!) |left… |Gone")]
    [InlineData("a\nb\n\nc", "a\n|b\n\n|c")]
    [InlineData("a\r\nb", "a\r\n|b")]
    [InlineData("\n\n x. y", "\n\n x. |y")]
    [InlineData("一。二！三", "一。|二！|三")]
    [InlineData("end. ", "end. ")]
    [InlineData("...", "...")]
    [InlineData("Wait... what?! Yes", "Wait... |what?! |Yes")]
    public void Sentences_partition_the_text(string text, string expected)
    {
        List<int> starts = SentenceSplitter.Starts(text);
        Assert.Equal(expected, string.Join('|', starts.Select((start, i) => text[start..(i + 1 < starts.Count ? starts[i + 1] : text.Length)])));
    }

    [Fact]
    public void A_token_belongs_to_the_sentence_of_its_first_character_and_no_number_is_left_out()
    {
        const string text = "A b. C. D! E";
        Assert.Equal([0, 0, 0, 1, 2, 3], SentenceSplitter.OfTokens(text, [0, 1, 3, 5, 9, 11])); // tokens: A| b|. |C. |! |E
        Assert.Equal([0, 0, 1, 1, 1], SentenceSplitter.OfTokens("One. Two\n \n", [0, 3, 4, 8, 9])); // One|.| Two|\n| \n
        Assert.Equal([0, 1], SentenceSplitter.OfTokens(text, [0, 8])); // a token that spans sentences counts once
    }

    [Fact]
    public void Any_text_is_cut_into_sentences_without_gaps()
    {
        Random random = new(1);
        const string alphabet = "ab .!?\n\")1…。 ";
        for (int i = 0; i < 2000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => alphabet[random.Next(alphabet.Length)]));
            List<int> starts = SentenceSplitter.Starts(text);
            Assert.Equal(starts.Order().Distinct(), starts);
            Assert.All(starts, s => Assert.InRange(s, 0, Math.Max(0, text.Length - 1)));
            if (text.Length > 0) Assert.Equal(0, starts[0]);
            int[] sentences = SentenceSplitter.OfTokens(text, [.. Enumerable.Range(0, text.Length)]);
            Assert.All(sentences.Zip(sentences.Skip(1)), p => Assert.InRange(p.Second - p.First, 0, 1));
        }
    }
}
