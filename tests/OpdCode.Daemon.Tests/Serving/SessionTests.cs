using System.Text.Json.Nodes;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Serving;

public sealed class SessionTests
{
    [Fact]
    public async Task Nothing_is_answered_before_initialize()
    {
        await using var served = new ServedHere();
        Assert.Equal(ErrorCodes.NotInitialized, (await served.Client.Error("recipes/methods")).Code);
        await served.Client.Initialize(served.Folder);
        Assert.NotEmpty((await served.Client.Result<MethodList>("recipes/methods")).Methods);
        Assert.Equal(ErrorCodes.RequestInvalid, (await served.Client.Error("initialize", new InitializeParams { ProtocolVersion = "1.0", Client = "test", WorkspaceFolders = [served.Folder] })).Code);
    }

    [Theory]
    [InlineData("2.0", ErrorCodes.ProtocolVersionMismatch, "Update the daemon")]
    [InlineData("0.9", ErrorCodes.ProtocolVersionMismatch, "Update the extension")]
    [InlineData("newest", ErrorCodes.RequestInvalid, "major.minor")]
    public async Task A_version_that_does_not_fit_is_refused_with_the_remedy(string version, string code, string remedy)
    {
        await using var served = new ServedHere();
        ErrorData error = await served.Client.Error("initialize", new InitializeParams { ProtocolVersion = version, Client = "test", WorkspaceFolders = [served.Folder] });
        Assert.Equal(code, error.Code);
        Assert.Contains(remedy, error.Message, StringComparison.Ordinal);
        Assert.Equal($"docs/errors/{code}.md", error.Help);
        Assert.Equal(Path.Combine(served.Folder, "runs"), (await served.Client.Initialize(served.Folder)).GetProperty("runsDirectory").GetString());
    }

    [Fact]
    public async Task A_newer_minor_version_is_welcome()
    {
        await using var served = new ServedHere();
        await served.Client.Result("initialize", new JsonObject { ["protocolVersion"] = "1.9", ["client"] = "newer", ["workspaceFolders"] = new JsonArray(served.Folder), ["somethingNew"] = true });
    }

    [Fact]
    public async Task Parameters_that_do_not_fit_are_named()
    {
        await using ServedHere served = await ServedHere.Start();
        foreach ((JsonNode parameters, string named) in new (JsonNode, string)[]
        {
            (new JsonObject(), "path"),
            (new JsonObject { ["path"] = 5 }, "path"),
            (new JsonObject { ["path"] = null }, "path"),
            (new JsonObject { ["path"] = Path.Combine(served.Folder, "a"), ["overrides"] = "steps=1" }, "overrides"),
        })
        {
            ErrorData error = await served.Client.Error("recipes/validate", parameters);
            Assert.Equal(ErrorCodes.RequestInvalid, error.Code);
            Assert.Contains(named, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_leads_out_of_the_workspace_is_refused_until_it_is_chosen()
    {
        await using ServedHere served = await ServedHere.Start();
        string outside = Path.Combine(Path.GetTempPath(), "opdcode-elsewhere", "a.opd.json");
        Assert.Equal(ErrorCodes.PathNotAllowed, (await served.Client.Error("recipes/validate", new ValidateRecipeParams { Path = outside })).Code);
        await served.Client.Result("session/update", new InitializeParams { ProtocolVersion = "1.0", Client = "test", WorkspaceFolders = [served.Folder], ChosenPaths = [outside] });
        Assert.False((await served.Client.Result<RecipeValidation>("recipes/validate", new ValidateRecipeParams { Path = outside })).Ok); // it is not there, and says so
        Assert.Equal(ErrorCodes.PathNotAllowed, (await served.Client.Error("recipes/validate", new ValidateRecipeParams { Path = outside + "x" })).Code);
    }

    [Theory]
    [InlineData("../secrets")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData("C:")]
    public async Task A_run_is_a_name_and_no_path(string id)
    {
        await using ServedHere served = await ServedHere.Start();
        Directory.CreateDirectory(Path.Combine(served.Folder, "secrets"));
        Assert.Equal(ErrorCodes.RunNotFound, (await served.Client.Error("rollouts/list", new ListRolloutsParams { RunId = id })).Code);
    }

    [Fact]
    public async Task A_restricted_workspace_reads_recipes_and_starts_nothing()
    {
        await using ServedHere served = await ServedHere.Start(isTrusted: false);
        Assert.NotNull((await served.Client.Result<RecipeText>("recipes/new", new NewRecipeParams())).Text);
        foreach (System.Reflection.MethodInfo method in typeof(IDaemon).GetInterfaces().SelectMany(g => g.GetMethods()))
        {
            var rpc = (RpcMethodAttribute)Attribute.GetCustomAttribute(method, typeof(RpcMethodAttribute))!;
            if (!rpc.StartsWork) continue;
            System.Text.Json.JsonElement answer = await served.Client.Call(rpc.Name, new JsonObject());
            string code = answer.GetProperty("error").GetProperty("data").GetProperty("code").GetString()!;
            Assert.True(code == ErrorCodes.NotTrusted || answer.GetProperty("error").GetProperty("code").GetInt32() == -32601, $"{rpc.Name}: {answer}");
        }
    }

    [Fact]
    public async Task What_is_queued_in_a_restricted_workspace_starts_when_it_is_trusted()
    {
        await using var served = new ServedHere();
        string run = Directory.CreateDirectory(Path.Combine(served.Runs, "a")).FullName;
        SmallFile.Write(Path.Combine(run, RunFiles.Request), new RunRequest { Created = default, RecipePath = Path.Combine(served.Folder, "a.opd.json"), Recipe = "{}" });
        string queue = new RunsFolder(served.Runs).QueueFile;
        SmallFile.Write(queue, new { Version = 1, Runs = (string[])["a"] });
        await served.Client.Initialize(served.Folder, isTrusted: false);
        Assert.Equal(RunState.Queued, Assert.Single((await served.Client.Result<RunList>("runs/list", new ListRunsParams())).Runs).State);
        await Task.Delay(2500); // the daemon looks at its queue once a second
        Assert.False(File.Exists(Path.Combine(run, RunFiles.Worker)));
        await served.Client.Initialize(served.Folder, isUpdate: true);
        await Patience.Until(() => new RunFolderReader(run).LastLifeEvent()?.Event == "failed", () => "the run was not started"); // its recipe is empty
        await Patience.Until(() => new RunFolderReader(run).Worker()?.Identity.IsAlive != true, () => "its worker did not end"); // it still writes why it failed
    }

    [Fact]
    public async Task Calls_are_traced_when_somebody_asks()
    {
        await using ServedHere served = await ServedHere.Start();
        served.Client.Send(RpcTestClient.Frame("""{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"verbose"}}"""));
        await served.Client.Result("recipes/edit", new EditRecipeParams { Text = "{}", Setting = "steps", Value = "42" });
        Assert.Contains("recipes/edit asked: ", served.Log, StringComparison.Ordinal);
        foreach (string line in served.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            JsonObject entry = JsonNode.Parse(line)!.AsObject();
            foreach (string member in new[] { "time", "level", "category", "message" }) Assert.NotNull(entry[member]);
        }
    }
}
