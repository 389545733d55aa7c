using System.Buffers;
using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using OpdCode.Protocol;
using Parquet;
using Parquet.Serialization;

namespace OpdCode.Recipes.Data;

/// <summary>Reads Parquet files with the same columns as JSON lines, one row group in memory at a time.</summary>
internal static class ParquetExamples
{
    public static bool IsParquet(string path) => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>Every row with its example or with what is wrong with it.</summary>
    public static IEnumerable<(TrainingExample? Example, OpdException? Failure, int Line)> ReadAll(string path)
    {
        IReadOnlyList<long> firstRows = FirstRows(path);
        return Enumerable.Range(0, firstRows.Count).SelectMany(group => ReadGroup(path, group, checked((int)firstRows[group])));
    }

    /// <summary>For every row group how many rows are before it; from the file's footer alone.</summary>
    public static IReadOnlyList<long> FirstRows(string path)
    {
        using FileStream file = Open(path);
        return Checked(path, () => WithReader(file, reader =>
        {
            var first = new List<long>();
            long rows = 0;
            for (int group = 0; group < reader.RowGroupCount; group++)
            {
                first.Add(rows);
                using ParquetRowGroupReader open = reader.OpenRowGroupReader(group);
                rows += open.RowCount;
            }
            return first;
        }).GetAwaiter().GetResult());
    }

    /// <summary>Every row of a row group with its example or with what is wrong with it.</summary>
    public static IEnumerable<(TrainingExample? Example, OpdException? Failure, int Line)> ReadGroup(string path, int group, int firstRow)
    {
        using FileStream file = Open(path);
        int row = firstRow;
        ArrayBufferWriter<byte> json = new();
        foreach (IDictionary<string, object> columns in Checked(path, () => ReadGroup(file, group)))
        {
            row++;
            json.ResetWrittenCount();
            TrainingExample? example = null;
            OpdException? failure = null;
            try
            {
                Write(columns, json);
                example = ExampleParser.Parse(json.WrittenSpan, path, row, "row");
            }
            catch (OpdException e)
            {
                failure = e;
            }
            yield return (example, failure, row);
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw e is FileNotFoundException or DirectoryNotFoundException
                ? new OpdException(ErrorCodes.FileNotFound, $"There is no data file {path}. Paths in a recipe are relative to the recipe.", e)
                : new OpdException(ErrorCodes.FileNotAccessible, $"The data file {path} cannot be read: {e.Message}", e);
        }
    }

    // The reader is asynchronous only; a file on disk answers at once, and examples are read where nothing can be awaited.
    private static async Task<T> WithReader<T>(FileStream file, Func<ParquetReader, T> ask)
    {
        await using ParquetReader reader = await ParquetReader.CreateAsync(file, leaveStreamOpen: true);
        return ask(reader);
    }

    private static IReadOnlyList<IDictionary<string, object>> ReadGroup(FileStream file, int group)
    {
        file.Position = 0;
        return [.. ParquetSerializer.DeserializeUntypedAsync(file, null, group).GetAwaiter().GetResult().Data];
    }

    // A damaged file makes the library throw whatever its decoders run into.
    private static T Checked<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not OutOfMemoryException and not OpdException)
        {
            throw new OpdException(ErrorCodes.DataLineInvalid, $"{path} is not a readable Parquet file: {e.Message}", e);
        }
    }

    private static void Write(IDictionary<string, object> columns, ArrayBufferWriter<byte> json)
    {
        using Utf8JsonWriter writer = new(json, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        foreach ((string name, object value) in columns)
        {
            // A Parquet file has every column in every row: nothing, or an empty list, is how a row says "not I".
            if (value is null or ICollection { Count: 0 }) continue;
            writer.WritePropertyName(name);
            WriteValue(writer, value);
        }
        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case IDictionary map:
                writer.WriteStartObject();
                foreach (DictionaryEntry entry in map)
                {
                    if (entry.Value is null) continue;
                    writer.WritePropertyName((string)entry.Key);
                    WriteValue(writer, entry.Value);
                }
                writer.WriteEndObject();
                break;
            case byte[] bytes:
                writer.WriteBase64StringValue(bytes);
                break;
            case IEnumerable items and not string:
                writer.WriteStartArray();
                foreach (object? item in items) WriteValue(writer, item);
                writer.WriteEndArray();
                break;
            case double.NaN or double.PositiveInfinity or double.NegativeInfinity or float.NaN or float.PositiveInfinity or float.NegativeInfinity:
                writer.WriteNullValue();
                break;
            default:
                JsonSerializer.Serialize(writer, value, value?.GetType() ?? typeof(object));
                break;
        }
    }
}
