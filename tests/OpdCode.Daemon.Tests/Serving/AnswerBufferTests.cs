using System.Buffers;
using OpdCode.Daemon.Serving;

namespace OpdCode.Daemon.Tests.Serving;

public sealed class AnswerBufferTests
{
    [Fact]
    public void What_is_written_in_pieces_comes_out_as_one()
    {
        var buffer = new AnswerBuffer(64 << 20);
        var random = new Random(2);
        foreach (int largest in (int[])[10, 5_000_000, 100])
        {
            var expected = new ArrayBufferWriter<byte>();
            for (int i = 0; i < 30; i++)
            {
                byte[] piece = new byte[random.Next(largest + 1)];
                random.NextBytes(piece);
                if (expected.WrittenCount + piece.Length > 60 << 20) break;
                if (i % 2 == 0) buffer.Write(piece);
                else
                {
                    piece.CopyTo(buffer.GetSpan(piece.Length + 7)); // more room than is used
                    buffer.Advance(piece.Length);
                }
                expected.Write(piece);
            }
            Assert.Equal(expected.WrittenCount, buffer.Length);
            Assert.True(expected.WrittenSpan.SequenceEqual(buffer.Parts.SelectMany(p => p.ToArray()).ToArray()));
            buffer.Clear();
            Assert.Equal((0, 0), (buffer.Length, buffer.Parts.Sum(p => p.Length)));
        }
    }

    [Fact]
    public void A_message_above_the_limit_is_refused()
    {
        var buffer = new AnswerBuffer(100_000);
        buffer.GetSpan(99_999);
        buffer.Advance(99_999);
        buffer.GetSpan(1);
        Assert.Throws<AnswerTooLargeException>(() => buffer.GetSpan(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Advance(10_000_000));
        buffer.Clear();
        Assert.True(buffer.GetSpan(100_000).Length >= 100_000);
    }
}
