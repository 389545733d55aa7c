using System.Text.Json;
using OpdCode.Protocol;
using OpdCode.Recipes.Rewards;

namespace OpdCode.Recipes.Tests.Rewards;

public sealed class JsonSchemaTests
{
    [Theory]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}},"additionalProperties":false}""", """{"a":1.0}""", """{"a":1.5}""")]
    [InlineData("""{"type":["string","null"],"minLength":2,"maxLength":3,"pattern":"^a"}""", "\"a😀\"", "\"a\"")]
    [InlineData("""{"enum":[1,"b",{"c":[2]}]}""", """{"c":[2.0]}""", """{"c":[3]}""")]
    [InlineData("""{"const":1}""", "1.0", "2")]
    [InlineData("""{"multipleOf":0.1,"exclusiveMinimum":0,"maximum":1}""", "0.3", "0.35")]
    [InlineData("""{"items":[{"type":"string"}],"additionalItems":{"type":"number"},"minItems":2}""", """["a",1]""", """["a","b"]""")]
    [InlineData("""{"uniqueItems":true,"contains":{"const":3}}""", "[1,3]", "[3,3]")]
    [InlineData("""{"oneOf":[{"type":"number"},{"minimum":5}]}""", "4", "6")]
    [InlineData("""{"anyOf":[{"type":"string"},{"minimum":5}],"not":{"const":7}}""", "6", "7")]
    [InlineData("""{"allOf":[{"minimum":1},{"maximum":2}]}""", "2", "3")]
    [InlineData("""{"if":{"type":"string"},"then":{"minLength":3},"else":{"type":"number"}}""", "\"abc\"", "\"a\"")]
    [InlineData("""{"$ref":"#/definitions/t","definitions":{"t":{"type":"object","properties":{"n":{"$ref":"#/definitions/t"}},"additionalProperties":false}}}""", """{"n":{"n":{}}}""", """{"n":{"m":1}}""")]
    [InlineData("""{"patternProperties":{"^x":{"type":"number"}},"propertyNames":{"maxLength":2},"maxProperties":2}""", """{"x1":1,"b":"c"}""", """{"x1":"1"}""")]
    [InlineData("""{"dependencies":{"a":["b"],"c":{"required":["d"]}}}""", """{"a":1,"b":2}""", """{"a":1}""")]
    [InlineData("""{"properties":{"a":false}}""", "{}", """{"a":1}""")]
    [InlineData("true", "1", null)]
    [InlineData("false", null, "1")]
    public void Draft_07_accepts_the_one_and_not_the_other(string schema, string? good, string? bad)
    {
        JsonSchema parsed = JsonSchema.Parse(schema, "s");
        if (good is not null) Assert.True(parsed.Accepts(JsonSerializer.Deserialize<JsonElement>(good)));
        if (bad is not null) Assert.False(parsed.Accepts(JsonSerializer.Deserialize<JsonElement>(bad)));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"unevaluatedProperties":false}""")]
    [InlineData("""{"$ref":"other.json"}""")]
    [InlineData("""{"$ref":"#/definitions/none"}""")]
    [InlineData("""{"pattern":"("}""")]
    [InlineData("""{"properties":{"a":{"typo":1}}}""")]
    public void What_is_not_supported_is_refused_and_not_ignored(string schema) =>
        Assert.Equal(ErrorCodes.RewardInvalid, Assert.Throws<OpdException>(() => JsonSchema.Parse(schema, "s")).Code);

    [Fact]
    public void A_schema_that_only_refers_to_itself_is_refused() =>
        Assert.Throws<OpdException>(() => JsonSchema.Parse("""{"$ref":"#"}""", "s").Accepts(JsonSerializer.Deserialize<JsonElement>("1")));
}
