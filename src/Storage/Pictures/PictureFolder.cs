using Apm.Core.Ports;
using Apm.Storage.Files;

namespace Apm.Storage.Pictures;

/// <summary>Pictures as files of a folder, <c>ID.png</c>.</summary>
public sealed class PictureFolder : IPictureStore
{
    const string Ending = ".png";

    readonly string _folder;
    readonly StoreFiles _files;

    /// <exception cref="StoreUnavailableException">The folder cannot be made.</exception>
    public PictureFolder(string folder, StoreFiles? files = null)
    {
        (_folder, _files) = (folder, files ?? DiskFiles.Instance);
        Try("made", () =>
        {
            _files.CreateFolder(folder);
            return true;
        });
    }

    public void Keep(string id, ReadOnlySpan<byte> png)
    {
        var bytes = png.ToArray();
        Try("written", () =>
        {
            _files.Replace(PathOf(id), bytes);
            return true;
        });
    }

    public byte[]? Find(string id) => Try("read", () => _files.ReadAll(PathOf(id)));

    public void Remove(string id) => Try("deleted", () =>
    {
        _files.Delete(PathOf(id));
        return true;
    });

    /// <summary>Names come from addresses: only letters and digits become a path.</summary>
    string PathOf(string id) => id.Length > 0 && id.All(char.IsAsciiLetterOrDigit) ? Path.Combine(_folder, id + Ending) : throw new ArgumentException("The name of a picture has letters and digits alone.", nameof(id));

    T Try<T>(string what, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"A picture in {_folder} cannot be {what}: {failure.Message} Check the disk's room and the folder's permissions.", failure);
        }
    }
}
