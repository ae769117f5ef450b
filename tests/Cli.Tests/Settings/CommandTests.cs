namespace Apm.Cli.Tests.Settings;

/// <summary>The command line as a process: what it prints and what it ends with.</summary>
public sealed class CommandTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("apm-settings-test").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Up_refuses_a_wrong_file_of_ours_with_exit_code_2_and_starts_nothing()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "apm.yaml"), "memory:\n  max_byte: 1GB\n");

        var (code, _, errors) = await Run("up", "--no-browser", "--data", Path.Combine(_folder, "data"));

        Assert.Equal(2, code);
        Assert.Contains("apm: apm.yaml:2:3: \"max_byte\" is no setting under memory. Did you mean \"max_bytes\"?", errors, StringComparison.Ordinal);
        Assert.Contains("apm: Nothing was started. `./apm config` prints the settings and where each comes from.", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "data")));
    }

    [Fact]
    public async Task Config_prints_what_is_in_force_and_warns_of_what_is_wrong_in_a_datadog_yaml()
    {
        var file = Path.Combine(_folder, "datadog.yaml");
        await File.WriteAllTextAsync(file, "api_key: 0123456789abcdef\napm_config:\n  receiver_port: 9126\n  max_payload_size: big\n");

        var (code, output, errors) = await Run("config", "--changed", "--config", file);

        Assert.Equal(0, code);
        Assert.Equal($"""
            ports.agent  9126  ({file}:3)
            api_key      …cdef  ({file}:1)

            """.ReplaceLineEndings("\n"), output);
        Assert.Contains($"apm: {file}:4:21: \"big\" is not what apm_config.max_payload_size takes: a size from 1KB to 256MiB", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789", output + errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_said()
    {
        var (code, _, errors) = await Run("config", "--config", "/nowhere/apm.yaml");

        Assert.Equal(2, code);
        Assert.StartsWith("apm: The settings file /nowhere/apm.yaml cannot be read: ", errors, StringComparison.Ordinal);
    }

    Task<(int Code, string Output, string Errors)> Run(params string[] arguments) => CliProcess.Run(_folder, arguments);
}
