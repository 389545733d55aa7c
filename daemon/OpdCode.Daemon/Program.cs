using OpdCode.Daemon.Commands;

return await OpdCodeCommand.Create().Parse(args).InvokeAsync();
