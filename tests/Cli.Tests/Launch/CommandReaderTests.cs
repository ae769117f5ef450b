using Apm.Cli.Launch;

namespace Apm.Cli.Tests.Launch;

public sealed class CommandReaderTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("apm-launch").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("python3 flaskapp.py", "flaskapp", ProgramKind.Python)]
    [InlineData("python3.11 -u shop/main.py --debug", "main", ProgramKind.Python)]
    [InlineData("python3 -m flask --app shop.web:create_app run", "web", ProgramKind.Python)]
    [InlineData("python3 -m mypackage", "mypackage", ProgramKind.Python)]
    [InlineData("python3 -c print(1)", "", ProgramKind.Python)]
    [InlineData("flask --app hello run -p 5000", "hello", ProgramKind.Python)]
    [InlineData("flask run", "app", ProgramKind.Python)]
    [InlineData("gunicorn -w 4 shop.wsgi:app", "shop", ProgramKind.Python)]
    [InlineData("gunicorn --bind 127.0.0.1:8000 -k gthread flaskapp:app", "flaskapp", ProgramKind.Python)]
    [InlineData("dotnet bin/MyApp.dll --urls http://localhost:5000", "MyApp", ProgramKind.DotNet)]
    [InlineData("dotnet run --project src/Shop/Shop.csproj", "Shop", ProgramKind.DotNet)]
    [InlineData("env FOO=1 python3 shop.py", "shop", ProgramKind.Python)]
    [InlineData("env -i A=b /usr/bin/python3 -m flask --app hello run", "hello", ProgramKind.Python)]
    [InlineData("make serve", "", ProgramKind.Other)]
    public void A_command_tells_its_kind_and_its_service(string command, string service, ProgramKind kind)
    {
        foreach (var program in new[] { "python3", "python3.11", "dotnet", "make", "env" }) Install(program, "#!/bin/sh\n");
        foreach (var script in new[] { "flask", "gunicorn" }) Install(script, "#!/usr/bin/python3\n");

        var plan = CommandReader.Read(command.Split(' '), name => name == "PATH" ? _folder : null);

        Assert.Equal((service, kind), (plan.Service, plan.Kind));
    }

    [Fact]
    public void A_published_executable_is_dotnet()
    {
        Install("Shop", "\u007fELF");
        File.WriteAllText(Path.Combine(_folder, "Shop.runtimeconfig.json"), "{}");

        var plan = CommandReader.Read([Path.Combine(_folder, "Shop")], _ => null);

        Assert.Equal(("Shop", ProgramKind.DotNet), (plan.Service, plan.Kind));
    }

    [Fact]
    public void A_program_that_is_nowhere_is_127_and_says_what_to_try()
    {
        var problem = Assert.Throws<LaunchException>(() => CommandReader.Read(["nosuchthing"], _ => _folder));

        Assert.Equal(127, problem.ExitCode);
        Assert.Equal("\"nosuchthing\" is not in PATH. Check the name, or give its full path.", problem.Message);
    }

    [Fact]
    public void A_python_file_without_its_interpreter_is_126_and_says_how_to_run_it()
    {
        var script = Path.Combine(_folder, "app.py");
        File.WriteAllText(script, "print(1)");

        var problem = Assert.Throws<LaunchException>(() => CommandReader.Read([script], _ => null));

        Assert.Equal(126, problem.ExitCode);
        Assert.Equal($"{script} is not executable. To run a Python file: apm run -- python3 {script}", problem.Message);
    }

    [Fact]
    public void An_assembly_that_is_not_there_says_so()
    {
        var problem = Assert.Throws<LaunchException>(() => CommandReader.Read(["./Nowhere.dll"], _ => null));

        Assert.Equal("./Nowhere.dll is not there. To run a .NET assembly: apm run -- dotnet ./Nowhere.dll", problem.Message);
    }

    [Fact]
    public void A_link_to_nothing_is_not_there()
    {
        var link = Path.Combine(_folder, "dangling");
        File.CreateSymbolicLink(link, Path.Combine(_folder, "nowhere"));

        var problem = Assert.Throws<LaunchException>(() => CommandReader.Read([link], _ => null));

        Assert.Equal((127, $"{link} is not there. Check the name, or give its full path."), (problem.ExitCode, problem.Message));
    }

    void Install(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
