using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OpdCode.Protocol.Tests.TypeScript;

using MethodInfo = System.Reflection.MethodInfo; // not the protocol's own

/// <summary>The documentation of the protocol's types, read from the XML file beside the assembly and spelled for TSDoc.</summary>
internal sealed partial class TypeDocs
{
    private readonly Dictionary<string, XElement> _members = XDocument
        .Load(Path.Combine(AppContext.BaseDirectory, "OpdCode.Protocol.xml"))
        .Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);

    public string Of(Type type) => Summary($"T:{type.FullName}");

    public string Of(MethodInfo method)
    {
        string prefix = $"M:{method.DeclaringType!.FullName}.{method.Name}";
        return Summary(_members.Keys.Single(name => name.StartsWith(prefix + "(", StringComparison.Ordinal)));
    }

    public string Of(FieldInfo field) => Summary($"F:{field.DeclaringType!.FullName}.{field.Name}");

    public string Of(PropertyInfo property)
    {
        string summary = Summary($"P:{property.DeclaringType!.FullName}.{property.Name}");
        if (summary.Length > 0) return summary;
        // A positional record documents its properties as parameters of the type.
        XElement? parameter = _members.GetValueOrDefault($"T:{property.DeclaringType.FullName}")?
            .Elements("param").FirstOrDefault(element => element.Attribute("name")!.Value == property.Name);
        return parameter is null ? "" : Text(parameter);
    }

    private string Summary(string name) => _members.GetValueOrDefault(name)?.Element("summary") is { } summary ? Text(summary) : "";

    private static string Text(XElement element)
    {
        StringBuilder text = new();
        Append(element, text);
        return Space().Replace(text.ToString(), " ").Trim().Replace("*/", "* /", StringComparison.Ordinal);
    }

    private static void Append(XElement element, StringBuilder text)
    {
        foreach (XNode node in element.Nodes())
        {
            if (node is XText plain) text.Append(plain.Value);
            else if (node is not XElement inner) continue;
            else if (inner.Name == "c") text.Append('`').Append(inner.Value).Append('`');
            else if (inner.Name == "see" && inner.Attribute("cref") is { } cref) text.Append('`').Append(Written(cref.Value)).Append('`');
            else Append(inner, text);
        }
    }

    // P:OpdCode.Protocol.TokenFeedback.Columns is "TokenFeedback.columns" for somebody who writes TypeScript.
    private static string Written(string cref)
    {
        string[] parts = cref[2..].Split('.');
        return cref[0] == 'T' ? parts[^1] : $"{parts[^2]}.{JsonNamingPolicy.CamelCase.ConvertName(parts[^1])}";
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
