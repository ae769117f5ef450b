using Apm.Core.Errors;

namespace Apm.Core.Tests.Errors;

/// <summary>The table of docs/errors.md.</summary>
public class MessagePatternTests
{
    [Theory]
    //          message                                                            pattern
    [InlineData("",                                                                "")]
    [InlineData("connection refused",                                              "connection refused")]
    // numbers
    [InlineData("Order 1042 not found",                                            "Order {n} not found")]
    [InlineData("took 3.14 s, limit is 2,000",                                     "took {n} s, limit is {n}")]
    [InlineData("timeout of 30000ms exceeded",                                     "timeout of {n}ms exceeded")]
    [InlineData("balance is -12",                                                  "balance is {n}")]
    [InlineData("index 7 is out of range [0, 5]",                                  "index {n} is out of range [{n}]")]
    [InlineData("customer_1042 and order-77 and #5",                               "customer_{n} and order-{n} and #{n}")]
    [InlineData("user1042 is locked",                                              "user{n} is locked")]
    [InlineData("'utf8' codec; sha256 and S3 and OAuth2 are names",                "'{text}' codec; sha256 and S3 and OAuth2 are names")]
    // ids
    [InlineData("no item 3f2504e0-4f89-11d3-9a0c-0305e82c3301 in cart",            "no item {n} in cart")]
    [InlineData("object at 0x7fe3a1b2c4d0",                                        "object at {n}")]
    [InlineData("commit 9f8c1d2e7a is gone",                                       "commit {n} is gone")]
    [InlineData("token AbC123dEf456GhI789 expired",                                "token {n} expired")]
    [InlineData("charge 6b6e97db or 60412298 failed, commit a1b2c3d",              "charge {n} or {n} failed, commit {n}")]
    [InlineData("the facade is decaffeinated",                                     "the facade is decaffeinated")]
    // quoted values
    [InlineData("invalid literal for int() with base 10: 'abc'",                   "invalid literal for int() with base {n}: '{text}'")]
    [InlineData("column \"total\" of relation \"orders\" does not exist",          "column \"{text}\" of relation \"{text}\" does not exist")]
    [InlineData("undefined method `name' for nil",                                 "undefined method `{text}' for nil")]
    [InlineData("can't connect, don't retry",                                      "can't connect, don't retry")]
    [InlineData("unknown key 'it\\'s' in map",                                     "unknown key '{text}' in map")]
    // URLs, paths, addresses, times
    [InlineData("GET https://pay.example.com/v1/cards/77?x=1 failed",              "GET {url} failed")]
    [InlineData("No such file: /var/lib/app/upload-77.tmp",                        "No such file: {path}")]
    [InlineData(@"Could not open C:\temp\a.txt.",                                  "Could not open {path}.")]
    [InlineData("in src/shop/orders.py and/or HTTP/1.1",                           "in {path} and/or HTTP/{n}")]
    [InlineData("dial tcp 10.1.2.3:5432: connect: connection refused",             "dial tcp {address}: connect: connection refused")]
    [InlineData("redis:6379 is down",                                              "redis:{n} is down")]
    [InlineData("no mail for ann@example.com today",                               "no mail for {email} today")]
    [InlineData("expired at 2026-11-28T10:00:00Z.",                                "expired at {time}.")]
    // lists, white space, control characters
    [InlineData("ids (1, 2, 3) are taken",                                         "ids ({n}) are taken")]
    [InlineData("keys ['a', 'b'] and ['c'] are unknown",                           "keys ['{text}'] and ['{text}'] are unknown")]
    [InlineData("line one\n\tline  two\u0000",                                     "line one line two")]
    public void Folds(string message, string pattern) => Assert.Equal(pattern, MessagePattern.Fold(message));

    [Fact]
    public void A_long_message_is_cut_and_says_so()
    {
        var pattern = MessagePattern.Fold(new string('x', 4_000));

        Assert.Equal(MessagePattern.MaxPatternChars + 1, pattern.Length);
        Assert.EndsWith("…", pattern, StringComparison.Ordinal);
    }

    [Fact]
    public void Folding_random_text_ends_and_folding_again_changes_no_words()
    {
        var random = new Random(7);
        const string Letters = "ab 09'\"`(){}[]<>=/\\.:@-_#,;\n\u0000é“”‘’«»%xX\ud83d";
        for (var i = 0; i < 20_000; i++)
        {
            var message = new string([.. Enumerable.Range(0, random.Next(60)).Select(_ => Letters[random.Next(Letters.Length)])]);

            var pattern = MessagePattern.Fold(message);

            Assert.True(pattern.Length <= MessagePattern.MaxPatternChars + 1, $"\"{message}\" gave {pattern.Length} characters.");
            Assert.Equal(pattern, MessagePattern.Fold(message));
        }
    }
}
