#include "app/editor/languages.h"

#include "app/editor/julialexer.h"

#include <QHash>

#include <array>

namespace farcell {

namespace {

using R = SyntaxRole;

constexpr std::array pythonStyles{
    StyleRole{1, R::Comment},   StyleRole{2, R::Number},     StyleRole{3, R::String},
    StyleRole{4, R::String},    StyleRole{5, R::Keyword},    StyleRole{6, R::String},
    StyleRole{7, R::String},    StyleRole{8, R::Type},       StyleRole{9, R::Function},
    StyleRole{10, R::Operator}, StyleRole{12, R::Comment},   StyleRole{13, R::String},
    StyleRole{14, R::Builtin},  StyleRole{15, R::Decorator}, StyleRole{16, R::String},
    StyleRole{17, R::String},   StyleRole{18, R::String},    StyleRole{19, R::String}};
constexpr std::array pythonWords{
    "and as assert async await break class continue def del elif else except finally for from "
    "global if import in is lambda nonlocal not or pass raise return try while with yield match "
    "case None True False",
    "abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod "
    "compile complex delattr dict dir display divmod enumerate eval exec filter float format "
    "frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len "
    "list locals map max memoryview min next object oct open ord pow print property range repr "
    "reversed round self set setattr slice sorted staticmethod str sum super tuple type vars zip "
    "Exception ValueError TypeError KeyError IndexError RuntimeError StopIteration OSError "
    "ImportError AttributeError NotImplementedError AssertionError ZeroDivisionError"};

constexpr std::array rStyles{StyleRole{1, R::Comment},   StyleRole{2, R::Keyword},
                             StyleRole{3, R::Builtin},   StyleRole{4, R::Builtin},
                             StyleRole{5, R::Number},    StyleRole{6, R::String},
                             StyleRole{7, R::String},    StyleRole{8, R::Operator},
                             StyleRole{10, R::Operator}, StyleRole{11, R::Error}};
constexpr std::array rWords{
    "if else repeat while function for in next break return TRUE FALSE NULL Inf NaN NA "
    "NA_integer_ NA_real_ NA_character_",
    "abs apply array as.character as.factor as.integer as.numeric attr c cat cbind character "
    "class colMeans colnames colSums cor cumsum cut data.frame diff dim do.call exp factor "
    "getwd glm grepl gsub head hist identity ifelse integer is.na is.null lapply length levels "
    "library list lm log logical mapply matrix max mean median merge min names ncol nrow numeric "
    "order paste paste0 plot pmax pmin predict print prod quantile range rbind read.csv rep "
    "require rev rnorm round rownames rowSums runif sample sapply sd seq set.seed setwd sort "
    "source sprintf sqrt stop str strsplit subset substr sum summary t table tail tapply "
    "toupper tolower unique unlist vapply var vector warning which with write.csv",
    ""};

constexpr std::array cppStyles{
    StyleRole{1, R::Comment},  StyleRole{2, R::Comment},   StyleRole{3, R::Comment},
    StyleRole{4, R::Number},   StyleRole{5, R::Keyword},   StyleRole{6, R::String},
    StyleRole{7, R::String},   StyleRole{9, R::Decorator}, StyleRole{10, R::Operator},
    StyleRole{12, R::Error},   StyleRole{13, R::String},   StyleRole{14, R::String},
    StyleRole{15, R::Comment}, StyleRole{16, R::Type},     StyleRole{17, R::Comment},
    StyleRole{18, R::Comment}, StyleRole{19, R::Type},     StyleRole{20, R::String},
    StyleRole{21, R::String},  StyleRole{23, R::Comment},  StyleRole{24, R::Comment},
    StyleRole{25, R::Number},  StyleRole{27, R::Escape}};
constexpr std::array cppWords{
    "alignas alignof and asm auto break case catch class co_await co_return co_yield concept "
    "const consteval constexpr constinit const_cast continue decltype default delete do "
    "dynamic_cast else enum explicit export extern false final for friend goto if import inline "
    "module mutable namespace new noexcept not nullptr operator or override private protected "
    "public register reinterpret_cast requires return sizeof static static_assert static_cast "
    "struct switch template this thread_local throw true try typedef typeid typename union using "
    "virtual volatile while __global__ __device__ __host__ __shared__",
    "bool char char8_t char16_t char32_t double float int int8_t int16_t int32_t int64_t long "
    "short signed size_t uint8_t uint16_t uint32_t uint64_t unsigned void wchar_t std string "
    "vector map set pair optional unique_ptr shared_ptr cout cin endl"};
constexpr std::array jsWords{
    "abstract as async await break case catch class const continue debugger declare default "
    "delete do else enum export extends false finally for from function get if implements import "
    "in instanceof interface is keyof let module namespace new null of private protected public "
    "readonly return set static super switch this throw true try type typeof undefined var void "
    "while with yield",
    "any Array Boolean Date Error Function JSON Map Math Number Object Promise Proxy Reflect "
    "RegExp Set String Symbol boolean console document number string unknown window"};
constexpr std::array javaWords{
    "abstract assert break case catch class const continue default do else enum extends false "
    "final finally fun for goto if implements import in instanceof interface is native new null "
    "object override package private protected public record return sealed static strictfp super "
    "switch synchronized this throw throws transient true try val var void volatile when while "
    "yield using namespace async await foreach string out ref",
    "boolean byte char double float int long short String Integer Double List Map Object System "
    "Int Long Boolean Unit Any"};
constexpr std::array scalaWords{
    "abstract case catch class def do else enum export extends extension false final finally for "
    "forSome given if implicit import lazy match new null object override package private "
    "protected return sealed super then this throw trait true try type using val var while with "
    "yield",
    "Any Array Boolean Byte Char Double Float Future Int List Long Map Nothing Option Seq Set "
    "Short String Unit Vector"};
constexpr std::array goWords{
    "break case chan const continue default defer else fallthrough for func go goto if import "
    "interface map package range return select struct switch type var nil true false iota",
    "bool byte complex128 error float32 float64 int int8 int16 int32 int64 rune string uint "
    "uint8 uint16 uint32 uint64 uintptr append cap close copy delete len make new panic print "
    "println recover"};

constexpr std::array bashStyles{
    StyleRole{1, R::Error},    StyleRole{2, R::Comment}, StyleRole{3, R::Number},
    StyleRole{4, R::Keyword},  StyleRole{5, R::String},  StyleRole{6, R::String},
    StyleRole{7, R::Operator}, StyleRole{9, R::Builtin}, StyleRole{10, R::Builtin},
    StyleRole{11, R::String},  StyleRole{12, R::Escape}, StyleRole{13, R::String}};
constexpr std::array bashWords{
    "alias apt apt-get awk bash case cat cd chmod chown cp curl cut date declare df diff do done "
    "du echo elif else env esac eval exec exit export fi find for function git grep gzip head if "
    "in kill let ln local ls make mkdir mv nohup pip pip3 popd printf ps pushd pwd python python3 "
    "read readonly return rm sed select set shift sleep sort source sudo tail tar tee test then "
    "time touch tr trap type ulimit uniq unset until unzip wc wget which while xargs zip"};

constexpr std::array sqlStyles{
    StyleRole{1, R::Comment}, StyleRole{2, R::Comment},   StyleRole{3, R::Comment},
    StyleRole{4, R::Number},  StyleRole{5, R::Keyword},   StyleRole{6, R::String},
    StyleRole{7, R::String},  StyleRole{10, R::Operator}, StyleRole{15, R::Comment},
    StyleRole{16, R::Type},   StyleRole{23, R::Builtin}};
constexpr std::array sqlWords{
    "add all alter analyze and any as asc begin between by case cast check coalesce column commit "
    "constraint copy count create cross database default delete desc distinct drop else end "
    "except exists explain false fetch filter first for foreign from full function grant group "
    "having if ilike in index inner insert intersect interval into is join key last lateral left "
    "like limit natural not null nulls offset on or order outer over partition primary qualify "
    "recursive references rename replace returning right rollback row rows select set some table "
    "temp temporary then to transaction true truncate union unique unnest update using values "
    "view when where window with",
    "bigint binary blob boolean bytes char date datetime decimal double float float64 int int64 "
    "integer json numeric real smallint string text time timestamp tinyint uuid varchar"};

constexpr std::array rubyStyles{
    StyleRole{1, R::Error},      StyleRole{2, R::Comment}, StyleRole{3, R::Comment},
    StyleRole{4, R::Number},     StyleRole{5, R::Keyword}, StyleRole{6, R::String},
    StyleRole{7, R::String},     StyleRole{8, R::Type},    StyleRole{9, R::Function},
    StyleRole{10, R::Operator},  StyleRole{12, R::Escape}, StyleRole{13, R::Builtin},
    StyleRole{14, R::Decorator}, StyleRole{15, R::Type},   StyleRole{16, R::Builtin},
    StyleRole{17, R::Builtin},   StyleRole{18, R::String}, StyleRole{20, R::Escape},
    StyleRole{21, R::String},    StyleRole{22, R::String}, StyleRole{23, R::String},
    StyleRole{24, R::String},    StyleRole{25, R::String}, StyleRole{29, R::Keyword}};
constexpr std::array rubyWords{
    "alias and attr_accessor attr_reader attr_writer begin break case class def defined? do else "
    "elsif end ensure extend false for if in include module next nil not or puts raise redo "
    "require require_relative rescue retry return self super then true undef unless until when "
    "while yield __FILE__ __LINE__"};

constexpr std::array perlStyles{
    StyleRole{1, R::Error},    StyleRole{2, R::Comment},   StyleRole{3, R::Comment},
    StyleRole{4, R::Number},   StyleRole{5, R::Keyword},   StyleRole{6, R::String},
    StyleRole{7, R::String},   StyleRole{10, R::Operator}, StyleRole{12, R::Builtin},
    StyleRole{13, R::Builtin}, StyleRole{14, R::Builtin},  StyleRole{17, R::Escape},
    StyleRole{18, R::Escape},  StyleRole{20, R::String},   StyleRole{22, R::Escape},
    StyleRole{23, R::String},  StyleRole{24, R::String},   StyleRole{26, R::String},
    StyleRole{27, R::String}};
constexpr std::array perlWords{
    "and chomp close cmp continue defined delete die do each else elsif eq eval exists exit for "
    "foreach ge grep gt if join keys last le local lt map my ne next no not open or our package "
    "pop print printf push qw redo ref require return reverse say scalar shift sort splice split "
    "sprintf sub substr undef unless unshift until use values wantarray while xor"};

constexpr std::array luaStyles{
    StyleRole{1, R::Comment}, StyleRole{2, R::Comment},  StyleRole{3, R::Comment},
    StyleRole{4, R::Number},  StyleRole{5, R::Keyword},  StyleRole{6, R::String},
    StyleRole{7, R::String},  StyleRole{8, R::String},   StyleRole{10, R::Operator},
    StyleRole{12, R::Error},  StyleRole{13, R::Builtin}, StyleRole{14, R::Builtin},
    StyleRole{15, R::Builtin}};
constexpr std::array luaWords{
    "and break do else elseif end false for function goto if in local nil not or repeat return "
    "then true until while",
    "assert collectgarbage dofile error getmetatable ipairs load next pairs pcall print rawequal "
    "rawget rawset require select self setmetatable tonumber tostring type xpcall"};

constexpr StyleRole julia(JuliaStyle style, R role)
{
    return {static_cast<int>(style), role};
}
constexpr std::array juliaStyles{
    julia(JuliaStyle::Comment, R::Comment),   julia(JuliaStyle::Number, R::Number),
    julia(JuliaStyle::String, R::String),     julia(JuliaStyle::Character, R::String),
    julia(JuliaStyle::Keyword, R::Keyword),   julia(JuliaStyle::Builtin, R::Builtin),
    julia(JuliaStyle::Type, R::Type),         julia(JuliaStyle::Function, R::Function),
    julia(JuliaStyle::Macro, R::Decorator),   julia(JuliaStyle::Symbol, R::Builtin),
    julia(JuliaStyle::Operator, R::Operator), julia(JuliaStyle::Interpolation, R::Escape)};

constexpr std::array rustStyles{
    StyleRole{1, R::Comment},    StyleRole{2, R::Comment},  StyleRole{3, R::Comment},
    StyleRole{4, R::Comment},    StyleRole{5, R::Number},   StyleRole{6, R::Keyword},
    StyleRole{7, R::Type},       StyleRole{8, R::Builtin},  StyleRole{13, R::String},
    StyleRole{14, R::String},    StyleRole{15, R::String},  StyleRole{16, R::Operator},
    StyleRole{18, R::Decorator}, StyleRole{19, R::Builtin}, StyleRole{20, R::Error},
    StyleRole{21, R::String},    StyleRole{22, R::String}};
constexpr std::array rustWords{
    "as async await break const continue crate dyn else enum extern false fn for if impl in let "
    "loop match mod move mut pub ref return self Self static struct super trait true type unsafe "
    "use where while",
    "bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize String Vec Option "
    "Result Box Rc Arc HashMap"};

constexpr std::array octaveStyles{StyleRole{1, R::Comment}, StyleRole{2, R::Builtin},
                                  StyleRole{3, R::Number},  StyleRole{4, R::Keyword},
                                  StyleRole{5, R::String},  StyleRole{6, R::Operator},
                                  StyleRole{8, R::String}};
constexpr std::array octaveWords{
    "break case catch continue do else elseif end endfor endfunction endif endwhile for function "
    "global if otherwise persistent return switch try until unwind_protect while"};

constexpr std::array haskellStyles{
    StyleRole{2, R::Keyword},  StyleRole{3, R::Number},    StyleRole{4, R::String},
    StyleRole{5, R::String},   StyleRole{6, R::Type},      StyleRole{7, R::Type},
    StyleRole{8, R::Type},     StyleRole{9, R::Type},      StyleRole{11, R::Operator},
    StyleRole{13, R::Comment}, StyleRole{14, R::Comment},  StyleRole{15, R::Comment},
    StyleRole{16, R::Comment}, StyleRole{17, R::Decorator}};
constexpr std::array haskellWords{
    "case class data default deriving do else forall foreign if import in infix infixl infixr "
    "instance let module newtype of qualified then type where"};

constexpr std::array markdownStyles{
    StyleRole{2, R::Strong},   StyleRole{3, R::Strong},   StyleRole{4, R::Emphasis},
    StyleRole{5, R::Emphasis}, StyleRole{6, R::Heading},  StyleRole{7, R::Heading},
    StyleRole{8, R::Heading},  StyleRole{9, R::Heading},  StyleRole{10, R::Heading},
    StyleRole{11, R::Heading}, StyleRole{13, R::Keyword}, StyleRole{14, R::Keyword},
    StyleRole{15, R::Comment}, StyleRole{17, R::Comment}, StyleRole{18, R::Function},
    StyleRole{19, R::String},  StyleRole{20, R::String},  StyleRole{21, R::String}};

constexpr std::array htmlStyles{
    StyleRole{1, R::Keyword},  StyleRole{2, R::Keyword},    StyleRole{3, R::Function},
    StyleRole{4, R::Function}, StyleRole{5, R::Number},     StyleRole{6, R::String},
    StyleRole{7, R::String},   StyleRole{9, R::Comment},    StyleRole{10, R::Escape},
    StyleRole{11, R::Keyword}, StyleRole{12, R::Decorator}, StyleRole{13, R::Decorator},
    StyleRole{14, R::Keyword}, StyleRole{17, R::String},    StyleRole{19, R::String},
    StyleRole{42, R::Comment}, StyleRole{43, R::Comment},   StyleRole{44, R::Comment},
    StyleRole{45, R::Number},  StyleRole{47, R::Keyword},   StyleRole{48, R::String},
    StyleRole{49, R::String},  StyleRole{50, R::Operator},  StyleRole{51, R::Error},
    StyleRole{52, R::String}};
constexpr std::array htmlWords{
    "a abbr alt article aside audio b body br button canvas charset class code content data div "
    "em figure footer form h1 h2 h3 h4 h5 h6 head header height hr href html i id iframe img "
    "input label lang li link main meta name nav ol onclick option p path pre rel script section "
    "select span src strong style sub summary sup svg table target tbody td textarea th thead "
    "title tr type u ul value video width",
    "async await break case catch class const continue default delete do else export false "
    "finally for function if import in instanceof let new null of return switch this throw true "
    "try typeof undefined var void while yield"};

constexpr std::array cssStyles{
    StyleRole{1, R::Keyword},    StyleRole{2, R::Type},     StyleRole{3, R::Builtin},
    StyleRole{5, R::Operator},   StyleRole{6, R::Function}, StyleRole{8, R::Number},
    StyleRole{9, R::Comment},    StyleRole{10, R::Type},    StyleRole{11, R::Decorator},
    StyleRole{12, R::Decorator}, StyleRole{13, R::String},  StyleRole{14, R::String},
    StyleRole{15, R::Function},  StyleRole{17, R::Function}};

constexpr std::array jsonStyles{
    StyleRole{1, R::Number},   StyleRole{2, R::String},   StyleRole{3, R::Error},
    StyleRole{4, R::Function}, StyleRole{5, R::Escape},   StyleRole{6, R::Comment},
    StyleRole{7, R::Comment},  StyleRole{8, R::Operator}, StyleRole{11, R::Keyword},
    StyleRole{12, R::Keyword}, StyleRole{13, R::Error}};
constexpr std::array jsonWords{"true false null"};

constexpr std::array yamlStyles{StyleRole{1, R::Comment}, StyleRole{2, R::Function},
                                StyleRole{3, R::Keyword}, StyleRole{4, R::Number},
                                StyleRole{5, R::Builtin}, StyleRole{6, R::Decorator},
                                StyleRole{8, R::Error},   StyleRole{9, R::Operator}};
constexpr std::array yamlWords{"true false yes no null True False"};

constexpr std::array latexStyles{
    StyleRole{1, R::Keyword}, StyleRole{2, R::Function}, StyleRole{3, R::String},
    StyleRole{4, R::Comment}, StyleRole{5, R::Function}, StyleRole{6, R::String},
    StyleRole{7, R::Comment}, StyleRole{9, R::Keyword},  StyleRole{10, R::Escape}};

constexpr std::array<const char *, 0> noWords{};
constexpr std::array<StyleRole, 0> noStyles{};

constexpr Language plain{"text", "null", noWords, noStyles, "#", nullptr, nullptr, false, false};
constexpr Language markdown{"markdown", "markdown", noWords, markdownStyles, nullptr, "<!-- ",
                            " -->",     false,      true};
constexpr std::array languages{
    Language{"python", "python", pythonWords, pythonStyles, "#", nullptr, nullptr, true, false},
    Language{"r", "r", rWords, rStyles, "#", nullptr, nullptr, false, false},
    Language{"julia", nullptr, noWords, juliaStyles, "#", nullptr, nullptr, false, false,
             styleJulia},
    Language{"c++", "cpp", cppWords, cppStyles, "//", nullptr, nullptr, false, false},
    Language{"javascript", "cpp", jsWords, cppStyles, "//", nullptr, nullptr, false, false},
    Language{"java", "cpp", javaWords, cppStyles, "//", nullptr, nullptr, false, false},
    Language{"scala", "cpp", scalaWords, cppStyles, "//", nullptr, nullptr, false, false},
    Language{"go", "cpp", goWords, cppStyles, "//", nullptr, nullptr, false, false},
    Language{"bash", "bash", bashWords, bashStyles, "#", nullptr, nullptr, false, false},
    Language{"sql", "sql", sqlWords, sqlStyles, "--", nullptr, nullptr, false, false},
    Language{"ruby", "ruby", rubyWords, rubyStyles, "#", nullptr, nullptr, false, false},
    Language{"perl", "perl", perlWords, perlStyles, "#", nullptr, nullptr, false, false},
    Language{"lua", "lua", luaWords, luaStyles, "--", nullptr, nullptr, false, false},
    Language{"rust", "rust", rustWords, rustStyles, "//", nullptr, nullptr, false, false},
    Language{"octave", "octave", octaveWords, octaveStyles, "%", nullptr, nullptr, false, false},
    Language{"haskell", "haskell", haskellWords, haskellStyles, "--", nullptr, nullptr, false,
             false},
    Language{"html", "hypertext", htmlWords, htmlStyles, nullptr, "<!-- ", " -->", false, false},
    Language{"xml", "xml", htmlWords, htmlStyles, nullptr, "<!-- ", " -->", false, false},
    Language{"css", "css", noWords, cssStyles, nullptr, "/* ", " */", false, false},
    Language{"json", "json", jsonWords, jsonStyles, "//", nullptr, nullptr, false, false},
    Language{"yaml", "yaml", yamlWords, yamlStyles, "#", nullptr, nullptr, true, false},
    Language{"latex", "latex", noWords, latexStyles, "%", nullptr, nullptr, false, false}};

struct Alias
{
    const char *alias;
    const char *name;
};
constexpr std::array aliases{Alias{"ipython", "python"},
                             Alias{"python3", "python"},
                             Alias{"python2", "python"},
                             Alias{"py", "python"},
                             Alias{"cython", "python"},
                             Alias{"pypy", "python"},
                             Alias{"pyspark", "python"},
                             Alias{"sage", "python"},
                             Alias{"ir", "r"},
                             Alias{"cpp", "c++"},
                             Alias{"c", "c++"},
                             Alias{"cxx", "c++"},
                             Alias{"cuda", "c++"},
                             Alias{"cu", "c++"},
                             Alias{"js", "javascript"},
                             Alias{"node", "javascript"},
                             Alias{"typescript", "javascript"},
                             Alias{"ts", "javascript"},
                             Alias{"deno", "javascript"},
                             Alias{"kotlin", "java"},
                             Alias{"groovy", "java"},
                             Alias{"c#", "java"},
                             Alias{"csharp", "java"},
                             Alias{"swift", "java"},
                             Alias{"golang", "go"},
                             Alias{"sh", "bash"},
                             Alias{"shell", "bash"},
                             Alias{"zsh", "bash"},
                             Alias{"script", "bash"},
                             Alias{"system", "bash"},
                             Alias{"sx", "bash"},
                             Alias{"bigquery", "sql"},
                             Alias{"bqsql", "sql"},
                             Alias{"sqlite", "sql"},
                             Alias{"postgres", "sql"},
                             Alias{"mysql", "sql"},
                             Alias{"duckdb", "sql"},
                             Alias{"jl", "julia"},
                             Alias{"rb", "ruby"},
                             Alias{"pl", "perl"},
                             Alias{"matlab", "octave"},
                             Alias{"svg", "xml"},
                             Alias{"htm", "html"},
                             Alias{"tex", "latex"},
                             Alias{"yml", "yaml"}};

const Language *findLanguage(const QString &name)
{
    static const QHash<QString, const Language *> byName = [] {
        QHash<QString, const Language *> map;
        for (const Language &language : languages)
            map.insert(QLatin1String(language.name), &language);
        for (const Alias &alias : aliases)
            map.insert(QLatin1String(alias.alias), map.value(QLatin1String(alias.name)));
        map.insert(QStringLiteral("markdown"), &markdown);
        map.insert(QStringLiteral("md"), &markdown);
        return map;
    }();
    return byName.value(name, nullptr);
}

// The magic's name in a first line "%%name arguments", else an empty view.
QStringView cellMagic(const QString &source)
{
    qsizetype start = 0;
    while (start < source.size() && source[start].isSpace())
        ++start;
    if (!QStringView(source).mid(start).startsWith(QLatin1String("%%")))
        return {};
    start += 2;
    qsizetype end = start;
    while (end < source.size() && (source[end].isLetterOrNumber() || source[end] == u'_'))
        ++end;
    return QStringView(source).mid(start, end - start);
}

} // namespace

const Language &languageByName(const QString &name)
{
    QString key = name.trimmed().toLower();
    const Language *found = findLanguage(key);
    while (!found && !key.isEmpty() && (key.back().isDigit() || key.back() == u'.')) {
        key.chop(1); // "C++17", "python3.11"
        found = findLanguage(key);
    }
    return found ? *found : plain;
}

const Language &markdownLanguage()
{
    return markdown;
}

const Language &plainLanguage()
{
    return plain;
}

const Language &languageOfCell(const QString &source, const Language &kernel)
{
    const QStringView magic = cellMagic(source);
    if (magic.isEmpty())
        return kernel;
    const QString name = magic.toString().toLower();
    if (name == QLatin1String("writefile") || name == QLatin1String("file")) {
        const qsizetype lineEnd = source.indexOf(u'\n');
        const QString file = source.left(lineEnd < 0 ? source.size() : lineEnd).trimmed();
        const QString suffix = file.section(u'.', -1).toLower();
        const Language *byFile = findLanguage(suffix);
        return byFile ? *byFile : plain;
    }
    const Language *found = findLanguage(name);
    return found ? *found : kernel; // %%time, %%capture …: the kernel's own language
}

} // namespace farcell
