#include "app/markdown/codehighlight.h"

#include <QHash>
#include <QSet>

#include <algorithm>

namespace farcell {

namespace {

constexpr qsizetype longestCode = 400'000; // beyond it colours would only cost time

struct Language
{
    QSet<QString> keywords, builtins;
    QStringList lineComments;
    QString blockOpen, blockClose;
    QString quotes;
    bool tripleQuotes = false;
    bool decorators = false;
    bool magics = false; // lines that begin with % or !
    bool caseInsensitive = false;
};

QSet<QString> words(const char *text)
{
    const QStringList list = QString::fromLatin1(text).split(QLatin1Char(' '));
    return {list.begin(), list.end()};
}

Language python()
{
    Language l;
    l.keywords = words("and as assert async await break class continue def del elif else except "
                       "finally for from global if import in is lambda nonlocal not or pass raise "
                       "return try while with yield match case None True False");
    l.builtins =
        words("abs all any bool bytes callable chr dict dir enumerate eval exec filter "
              "float format frozenset getattr hasattr hash help hex id input int isinstance "
              "issubclass iter len list map max min next object open ord pow print property "
              "range repr reversed round self set setattr slice sorted str sum super tuple "
              "type vars zip cls Exception ValueError TypeError KeyError");
    l.lineComments = QStringList{QStringLiteral("#")};
    l.quotes = QStringLiteral("\"'");
    l.tripleQuotes = l.decorators = l.magics = true;
    return l;
}

Language cLike(const char *keywords, const char *builtins, const char *quotes = "\"'")
{
    Language l;
    l.keywords = words(keywords);
    l.builtins = words(builtins);
    l.lineComments = QStringList{QStringLiteral("//")};
    l.blockOpen = QStringLiteral("/*");
    l.blockClose = QStringLiteral("*/");
    l.quotes = QString::fromLatin1(quotes);
    return l;
}

Language hashLike(const char *keywords, const char *builtins)
{
    Language l;
    l.keywords = words(keywords);
    l.builtins = words(builtins);
    l.lineComments = QStringList{QStringLiteral("#")};
    l.quotes = QStringLiteral("\"'");
    return l;
}

Language sql()
{
    Language l = hashLike(
        "select from where and or not insert into values update set delete create table drop alter "
        "join left right inner outer on group by order having limit offset as distinct union all "
        "case when then else end null is in like between exists primary key foreign references "
        "index view with over partition asc desc begin commit rollback if",
        "count sum avg min max coalesce cast int integer text varchar real date timestamp boolean");
    l.lineComments = QStringList{QStringLiteral("--")};
    l.blockOpen = QStringLiteral("/*");
    l.blockClose = QStringLiteral("*/");
    l.caseInsensitive = true;
    return l;
}

const QHash<QString, Language> &languages()
{
    static const QHash<QString, Language> all = [] {
        const Language bash = hashLike(
            "if then else elif fi for while until do done case esac in function select time return "
            "break continue export local readonly unset shift exit source alias set",
            "echo cd ls cat grep sed awk rm cp mv mkdir pip conda sudo apt apt-get curl wget git "
            "tar "
            "python python3 npm docker chmod chown find xargs printf test");
        const Language js = cLike(
            "async await break case catch class const continue debugger default delete do else "
            "export extends finally for from function if import in instanceof let new of return "
            "static super switch this throw try typeof var void while with yield interface type "
            "enum implements null true false undefined",
            "Array Boolean Date Error JSON Map Math Number Object Promise RegExp Set String Symbol "
            "console document window",
            "\"'`");
        const Language cpp = cLike(
            "alignas auto bool break case catch char class const constexpr continue default delete "
            "do double else enum explicit extern false final float for friend if inline int long "
            "mutable namespace new noexcept nullptr operator override private protected public "
            "return short signed sizeof static struct switch template this throw true try typedef "
            "typename union unsigned using virtual void volatile while __global__ __device__",
            "std string vector map size_t uint8_t int32_t int64_t uint32_t uint64_t printf");
        const Language java = cLike(
            "abstract break case catch class const continue default do else enum extends final "
            "finally for func fn fun go if impl implements import instanceof interface let loop "
            "match "
            "mod mut native new null package private protected public pub return select static "
            "struct super switch this throw throws trait try type use val var void where while "
            "true false nil defer chan range int long float double boolean char byte short",
            "String Integer List Map System Option Some None Ok Err Vec println fmt");
        Language r = hashLike("if else repeat while function for next break in TRUE FALSE NULL NA "
                              "Inf NaN library require return",
                              "c list data.frame matrix print cat paste length sum mean sd plot "
                              "ggplot aes lm summary str names apply sapply lapply");
        Language julia = hashLike(
            "abstract baremodule begin break catch const continue do else elseif end export false "
            "finally for function global if import in let local macro module mutable primitive "
            "quote return struct true try type using where while nothing missing",
            "println print Int Float64 String Vector Array Dict push! length size");
        julia.quotes = QStringLiteral("\""); // ' also transposes
        julia.blockOpen = QStringLiteral("#=");
        julia.blockClose = QStringLiteral("=#");
        julia.tripleQuotes = julia.decorators = true;
        Language data = hashLike("true false null yes no on off", "");
        data.lineComments = QStringList{QStringLiteral("#"), QStringLiteral("//")};
        QHash<QString, Language> map;
        for (const char *name : {"python", "py", "python3", "ipython", "ipython3", "pycon"})
            map.insert(QString::fromLatin1(name), python());
        for (const char *name : {"bash", "sh", "shell", "zsh", "console", "dockerfile", "makefile"})
            map.insert(QString::fromLatin1(name), bash);
        for (const char *name : {"js", "javascript", "ts", "typescript", "jsx", "tsx"})
            map.insert(QString::fromLatin1(name), js);
        for (const char *name : {"c", "cpp", "c++", "cc", "h", "hpp", "cuda", "cu"})
            map.insert(QString::fromLatin1(name), cpp);
        for (const char *name :
             {"java", "kotlin", "scala", "go", "rust", "rs", "swift", "csharp", "cs"})
            map.insert(QString::fromLatin1(name), java);
        for (const char *name : {"json", "yaml", "yml", "toml", "ini"})
            map.insert(QString::fromLatin1(name), data);
        map.insert(QStringLiteral("r"), r);
        map.insert(QStringLiteral("julia"), julia);
        map.insert(QStringLiteral("jl"), julia);
        map.insert(QStringLiteral("sql"), sql());
        return map;
    }();
    return all;
}

// One pass over the code.
class Scanner
{
public:
    Scanner(const QString &code, const Language &language)
        : m_code(code)
        , m_language(language)
    {}

    std::vector<CodeSpan> run()
    {
        bool lineStart = true;
        while (m_at < m_code.size()) {
            const QChar c = m_code[m_at];
            if (c == QLatin1Char('\n')) {
                lineStart = true;
                ++m_at;
            } else if (c.isSpace()) {
                ++m_at;
            } else {
                if (!(lineStart && readLineLead(c)) && !readComment() && !readString(c))
                    readOther(c);
                lineStart = false;
            }
        }
        return std::move(m_spans);
    }

private:
    using Kind = CodeSpan::Kind;

    void add(qsizetype end, Kind kind)
    {
        m_spans.push_back({static_cast<int>(m_at), static_cast<int>(end - m_at), kind});
        m_at = end;
    }

    [[nodiscard]] qsizetype lineEnd() const
    {
        const qsizetype end = m_code.indexOf(QLatin1Char('\n'), m_at);
        return end < 0 ? m_code.size() : end;
    }

    bool readLineLead(QChar c)
    {
        if (m_language.decorators && c == QLatin1Char('@')) {
            qsizetype end = m_at + 1;
            while (end < m_code.size() &&
                   (m_code[end].isLetterOrNumber() || m_code[end] == QLatin1Char('_') ||
                    m_code[end] == QLatin1Char('.')))
                ++end;
            add(end, Kind::Decorator);
            return true;
        }
        if (m_language.magics && (c == QLatin1Char('%') || c == QLatin1Char('!'))) {
            add(lineEnd(), Kind::Magic);
            return true;
        }
        return false;
    }

    bool readComment()
    {
        const QStringView tail = QStringView(m_code).mid(m_at);
        if (!m_language.blockOpen.isEmpty() && tail.startsWith(m_language.blockOpen)) {
            const qsizetype end = m_code.indexOf(m_language.blockClose, m_at + 2);
            add(end < 0 ? m_code.size() : end + m_language.blockClose.size(), Kind::Comment);
            return true;
        }
        for (const QString &sign : m_language.lineComments) {
            if (tail.startsWith(sign)) {
                add(lineEnd(), Kind::Comment);
                return true;
            }
        }
        return false;
    }

    bool readString(QChar quote)
    {
        if (!m_language.quotes.contains(quote))
            return false;
        const QString triple(3, quote);
        const bool isTriple =
            m_language.tripleQuotes && QStringView(m_code).mid(m_at).startsWith(triple);
        if (isTriple) {
            const qsizetype end = m_code.indexOf(triple, m_at + 3);
            add(end < 0 ? m_code.size() : end + 3, Kind::String);
            return true;
        }
        qsizetype end = m_at + 1;
        while (end < m_code.size() && m_code[end] != quote && m_code[end] != QLatin1Char('\n'))
            end += m_code[end] == QLatin1Char('\\') ? 2 : 1;
        add(std::min(m_code.size(), end + 1), Kind::String);
        return true;
    }

    void readOther(QChar c)
    {
        if (c.isDigit()) {
            qsizetype end = m_at;
            while (end < m_code.size() &&
                   (m_code[end].isLetterOrNumber() || m_code[end] == QLatin1Char('.') ||
                    m_code[end] == QLatin1Char('_')))
                ++end;
            add(end, Kind::Number);
            return;
        }
        if (!c.isLetter() && c != QLatin1Char('_')) {
            ++m_at;
            return;
        }
        qsizetype end = m_at;
        while (end < m_code.size() &&
               (m_code[end].isLetterOrNumber() || m_code[end] == QLatin1Char('_')))
            ++end;
        readWord(end);
    }

    void readWord(qsizetype end)
    {
        QString word = m_code.mid(m_at, end - m_at);
        // A prefix such as f"" or rb'' belongs to the string.
        if (word.size() <= 2 && end < m_code.size() && m_language.tripleQuotes &&
            m_language.quotes.contains(m_code[end])) {
            const qsizetype start = std::exchange(m_at, end);
            readString(m_code[end]);
            m_spans.back().start = static_cast<int>(start);
            m_spans.back().length += static_cast<int>(end - start);
            return;
        }
        if (m_language.caseInsensitive)
            word = word.toLower();
        if (m_language.keywords.contains(word))
            add(end, Kind::Keyword);
        else if (m_language.builtins.contains(word))
            add(end, Kind::Builtin);
        else if (end < m_code.size() && m_code[end] == QLatin1Char('('))
            add(end, Kind::Function);
        else
            m_at = end;
    }

    const QString &m_code;
    const Language &m_language;
    qsizetype m_at = 0;
    std::vector<CodeSpan> m_spans;
};

} // namespace

std::vector<CodeSpan> highlightCode(const QString &code, const QString &language)
{
    const auto found = languages().constFind(language.toLower());
    if (found == languages().constEnd() || code.size() > longestCode)
        return {};
    return Scanner(code, *found).run();
}

} // namespace farcell
