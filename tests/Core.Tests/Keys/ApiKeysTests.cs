using Apm.Core.Keys;
using Apm.TestKit;

namespace Apm.Core.Tests.Keys;

public sealed class ApiKeysTests : IDisposable
{
    readonly MemoryDocuments _documents = new();

    public void Dispose() => _documents.Dispose();

    ApiKeys Open() => new(_documents, new FixedClock(1_700_000_000L * 1_000_000_000));

    [Fact]
    public void Any_key_is_good_until_one_of_its_kind_is_created()
    {
        var keys = Open();
        Assert.True(keys.IsGood(KeyKind.Api, "anything"));
        Assert.False(keys.IsGood(KeyKind.Api, ""));

        var key = keys.Create(KeyKind.Api, " mine ", out var secret);

        Assert.True(keys.IsGood(KeyKind.Api, secret));
        Assert.False(keys.IsGood(KeyKind.Api, "anything"));
        Assert.True(keys.IsGood(KeyKind.Application, "anything"));
        Assert.Equal(("mine", 32, secret[^4..], 1_700_000_000), (key.Name, secret.Length, key.Last4, key.CreatedUnixSeconds));
        keys.Create(KeyKind.Application, "app", out var application);
        Assert.Equal(40, application.Length);
        Assert.False(keys.IsGood(KeyKind.Application, secret));
    }

    [Fact]
    public void Keys_are_kept_hashed_and_masked_and_known_after_a_restart()
    {
        var key = Open().Create(KeyKind.Api, "mine", out var secret);

        var again = Open();

        Assert.True(again.IsGood(KeyKind.Api, secret));
        Assert.DoesNotContain(secret, System.Text.Json.JsonSerializer.Serialize(_documents.FindAll<ApiKey>("api-keys")), StringComparison.Ordinal);
        Assert.Equal(new string('*', 28) + secret[^4..], Assert.Single(again.All(KeyKind.Api)).Masked());
        Assert.Equal(64, key.Sha256.Length);
    }

    [Fact]
    public void A_revoked_key_is_good_for_nothing_and_the_last_cannot_be_revoked()
    {
        var keys = Open();
        var first = keys.Create(KeyKind.Api, "first", out var firstSecret);
        var second = keys.Create(KeyKind.Api, "second", out var secondSecret);

        Assert.True(keys.Revoke(KeyKind.Api, first.Id));
        Assert.False(keys.Revoke(KeyKind.Api, first.Id));
        Assert.False(keys.IsGood(KeyKind.Api, firstSecret));
        var refusal = Assert.Throws<ApiKeyException>(() => keys.Revoke(KeyKind.Api, second.Id));
        Assert.Equal("This is the last key of its kind; without it any key would be good again. Create another first, or stop Apm and run \"apm keys reset\" to begin anew.", refusal.Message);
        Assert.True(keys.IsGood(KeyKind.Api, secondSecret));

        Assert.Equal(1, keys.Reset());
        Assert.True(keys.IsGood(KeyKind.Api, "anything"));
        Assert.Empty(Open().All(KeyKind.Api));
    }

    [Fact]
    public void Names_and_numbers_have_limits()
    {
        var keys = Open();

        Assert.Equal("A key needs a name of 1 to 200 characters, such as who uses it.", Assert.Throws<ApiKeyException>(() => keys.Create(KeyKind.Api, " ", out _)).Message);
        for (var i = 0; i < ApiKeys.MaxKeys; i++) keys.Create(KeyKind.Api, $"k{i}", out _);
        Assert.Equal("There are 100 such keys already, the most that are kept. Revoke one first.", Assert.Throws<ApiKeyException>(() => keys.Create(KeyKind.Api, "more", out _)).Message);
    }
}
