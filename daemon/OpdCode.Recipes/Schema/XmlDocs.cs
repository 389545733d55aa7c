using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OpdCode.Recipes.Schema;

/// <summary>The records' own documentation, read from the XML file that the compiler writes beside the assembly.</summary>
internal sealed partial class XmlDocs
{
    private readonly Dictionary<string, XElement> _members;

    private XmlDocs(XDocument document) =>
        _members = document.Descendants("member").Where(m => m.Element("summary") is not null)
            .ToDictionary(m => m.Attribute("name")!.Value, m => m.Element("summary")!);

    /// <summary>Loads the documentation of an assembly.</summary>
    /// <exception cref="FileNotFoundException">The XML file is not beside the assembly.</exception>
    public static XmlDocs Load(Assembly assembly) =>
        new(XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"{assembly.GetName().Name}.xml")));

    /// <summary>The summary of a type.</summary>
    public string Of(Type type) => Text($"T:{type.FullName}");

    /// <summary>The summary of a property or an enum's value.</summary>
    public string Of(MemberInfo member) => Text($"{(member is PropertyInfo ? 'P' : 'F')}:{member.DeclaringType!.FullName}.{member.Name}");

    private string Text(string name)
    {
        if (!_members.TryGetValue(name, out XElement? summary)) return "";
        StringBuilder text = new();
        Append(summary, text);
        return Space().Replace(text.ToString(), " ").Trim();
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

    // P:OpdCode.Recipes.StudentRecipe.Model is "model" for somebody who writes a recipe.
    private static string Written(string cref) => JsonNamingPolicy.CamelCase.ConvertName(cref[(cref.LastIndexOf('.') + 1)..]);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
