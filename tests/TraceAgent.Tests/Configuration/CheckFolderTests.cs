using Apm.TraceAgent.Configuration;

namespace Apm.TraceAgent.Tests.Configuration;

public sealed class CheckFolderTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("conf").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Files_that_count_and_files_that_do_not()
    {
        foreach (var file in new[]
        {
            "a.yaml", "b.yml", "c.yaml.example", "d.txt", "mysql.d/conf.yaml", "mysql.d/conf.yaml.example", "mysql.d/more.yaml", "mysql.d/conf.yaml.default", "cpu.d/conf.yaml.default", "redis.d/auto_conf.yaml", "jmx.d/metrics.yaml",
            "kept.d/deep.d/conf.yaml",
        }) Write(file, "instances: [{}]");

        Assert.Equal(["a a.yaml", "b b.yml", "cpu cpu.d/conf.yaml.default", "mysql mysql.d/conf.yaml", "mysql mysql.d/more.yaml"],
            CheckFolder.Find(_folder).Select(file => $"{file.CheckName} {Path.GetRelativePath(_folder, file.Path)}"));
    }

    [Fact]
    public void A_folder_whose_name_does_not_end_in_d_is_said()
    {
        Write("mysql/conf.yaml", "instances: [{}]");

        Assert.Equal($"Files of a folder below conf.d are read only when its name ends in .d; move it to {Path.Combine(_folder, "mysql.d", "conf.yaml")}.", Assert.Single(CheckFolder.Misplaced(_folder)).Sentence);
    }

    [Fact]
    public void A_folder_that_is_not_there_has_no_files() => Assert.Empty(CheckFolder.Find(Path.Combine(_folder, "none")));

    [Fact]
    public void A_file_that_is_too_large_is_not_read()
    {
        Write("a.yaml", new string('#', CheckFileReader.MaxFileBytes + 1));

        Assert.Equal("The file is larger than 1048576 bytes, which no configuration is; it is not used.", Assert.Single(CheckFolder.Read(CheckFolder.Find(_folder)[0], acceptsTabs: true).Complaints).Sentence);
    }

    void Write(string file, string text)
    {
        var path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
