using Apm.Core.Ports;
using Apm.Storage;

namespace Apm.Storage.Tests;

public sealed class DataFolderTests : IDisposable
{
    readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("apm-data-");

    string Data => Path.Combine(_temporary.FullName, "data");

    public void Dispose() => _temporary.Delete(recursive: true);

    string MessageOfOpening() => Assert.Throws<StoreUnavailableException>(() => DataFolder.Open(Data)).Message;

    [Fact]
    public void A_new_folder_is_made_with_its_format_and_its_rooms()
    {
        using var folder = DataFolder.Open(Data);

        Assert.Equal("apm data folder, format 1\n", File.ReadAllText(Path.Combine(Data, "format")));
        Assert.Equal([Path.Combine(Data, "fates"), Path.Combine(Data, "log"), Path.Combine(Data, "metrics"), Path.Combine(Data, "stats"), Path.Combine(Data, "traces")], Directory.GetDirectories(Data).Order());
        Assert.Equal(Path.Combine(Data, "state.db"), folder.StatePath);
        Assert.True(folder.FreeBytes() > 0);
    }

    [Fact]
    public void A_folder_in_use_names_the_process_that_has_it()
    {
        using (DataFolder.Open(Data))
            Assert.Equal(
                $"The data folder {Data} is in use by another Apm, process {Environment.ProcessId}. Stop that one, or give this one a folder of its own with --data DIR.",
                MessageOfOpening());

        using var again = DataFolder.Open(Data); // Free again once it was closed.
        Assert.Equal(Data, again.Path);
    }

    [Fact]
    public void A_folder_of_a_newer_format_is_refused_and_not_touched()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "format"), "apm data folder, format 2\n");

        Assert.Equal(
            $"The data folder {Data} is in format 2, written by a newer Apm; this one knows formats up to 1. " +
            "Start the newer version, or give this one a folder of its own with --data DIR. Nothing was changed.", MessageOfOpening());
        Assert.Empty(Directory.GetDirectories(Data));
    }

    [Fact]
    public void A_folder_that_holds_something_else_is_refused()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "thesis.tex"), "");

        Assert.Equal(
            $"The folder {Data} is not a data folder of Apm: it holds thesis.tex and no file named format. Give an empty folder or a new one with --data DIR.",
            MessageOfOpening());
    }

    [Fact]
    public void A_format_file_that_says_something_else_is_refused()
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "format"), "pdf");

        Assert.Equal(
            $"The file {Path.Combine(Data, "format")} does not say \"apm data folder, format N\", so {Data} may not be a data folder of Apm. Give another folder with --data DIR.",
            MessageOfOpening());
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_a_clear_error()
    {
        File.WriteAllText(Data, "a file where the folder should be");

        var message = MessageOfOpening();
        Assert.StartsWith($"The data folder {Data} cannot be written: ", message, StringComparison.Ordinal);
        Assert.EndsWith(" Give a folder that this user may write with --data DIR, or change its permissions.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_little_space_is_a_sentence_and_enough_is_none()
    {
        Assert.Null(DataFolder.DiskSpaceProblem("/data", 200, 100));
        Assert.Equal(
            "The disk of the data folder /data has 100 MiB left; below 512 MiB payloads may be refused. " +
            "Free some space, lower the storage budget, or move the folder with --data DIR.",
            DataFolder.DiskSpaceProblem("/data", 100 * 1_048_576, 512 * 1_048_576));
    }
}
