#include "app/markdown/mathworker.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QJSEngine>
#include <QLoggingCategory>
#include <QSaveFile>
#include <QStandardPaths>

#include <mutex>

// Outside the namespace, as the macro wants it: keeps the linker from dropping the resource.
static void initMathResource()
{
    Q_INIT_RESOURCE(mathjax);
}

namespace farcell {

namespace {

Q_LOGGING_CATEGORY(log, "farcell.math")

// The formula as SVG in MathJax' <mjx-container>; larger answers are no formulas.
constexpr qsizetype maxSvg = 16LL * 1024 * 1024;
// Qt's script compiler warns about MathJax' minified code, sixty lines each start.
QLoggingCategory::CategoryFilter previousFilter = nullptr;

void quietCompiler(QLoggingCategory *category)
{
    if (previousFilter)
        previousFilter(category);
    if (qstrcmp(category->categoryName(), "qt.qml.compiler") == 0)
        category->setEnabled(QtWarningMsg, false);
}

constexpr const char *cacheVersion = "mathjax-3.2.2-farcell-2\n";

} // namespace

MathWorker::MathWorker()
{
    const QString base = QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation);
    if (!base.isEmpty())
        m_cacheFolder = base + QStringLiteral("/farcell/math");
}

MathWorker::~MathWorker() = default;

bool MathWorker::load()
{
    if (m_engine)
        return m_loadError.isEmpty();
    initMathResource();
    static std::once_flag quiet;
    std::call_once(quiet, [] { previousFilter = QLoggingCategory::installFilter(quietCompiler); });
    m_engine = std::make_unique<QJSEngine>();
    QJSValue global = m_engine->globalObject();
    global.setProperty(QStringLiteral("globalThis"), global); // Qt's engine has none
    m_engine->evaluate(
        QStringLiteral("var MathJax = {startup: {typeset: false}, loader: {load: []}};"));
    const QDir folder(QStringLiteral(":/mathjax"));
    for (const QString &name : folder.entryList(QDir::Files, QDir::Name)) {
        QFile file(folder.filePath(name));
        if (!file.open(QIODevice::ReadOnly))
            continue;
        const QJSValue value = m_engine->evaluate(QString::fromUtf8(file.readAll()), name);
        if (value.isError()) {
            m_loadError = name + QStringLiteral(": ") + value.toString();
            qCWarning(log) << "MathJax cannot start:" << m_loadError;
            return false;
        }
    }
    return true;
}

QByteArray MathWorker::run(const QString &tex, bool display, QString &error)
{
    if (!load()) {
        error = m_loadError;
        return {};
    }
    QJSValue function = m_engine->globalObject().property(QStringLiteral("farcellTypeset"));
    const QJSValue answer = function.call({tex, display});
    if (answer.isError() || !answer.isString()) {
        const QString message = answer.property(QStringLiteral("message")).toString();
        error = message.isEmpty() ? answer.toString() : message;
        return {};
    }
    return answer.toString().toUtf8();
}

QString MathWorker::cachePath(const QString &tex, bool display) const
{
    const QByteArray key =
        cacheVersion + (display ? QByteArray("D") : QByteArray("I")) + tex.toUtf8();
    const QByteArray name = QCryptographicHash::hash(key, QCryptographicHash::Sha256).toHex();
    return m_cacheFolder + QLatin1Char('/') + QString::fromLatin1(name.left(2)) + QLatin1Char('/') +
           QString::fromLatin1(name.mid(2)) + QStringLiteral(".svg");
}

MathResult MathWorker::typeset(const QString &tex, bool display)
{
    const QString path = m_cacheFolder.isEmpty() ? QString() : cachePath(tex, display);
    QFile cached(path);
    if (!path.isEmpty() && cached.open(QIODevice::ReadOnly) && cached.size() < maxSvg) {
        if (auto picture = MathPicture::parse(cached.readAll()))
            return {picture, {}};
    }
    MathResult result;
    const QByteArray svg = run(tex, display, result.error);
    if (svg.isEmpty() || svg.size() > maxSvg)
        return result;
    result.picture = MathPicture::parse(svg);
    if (!result.picture || path.isEmpty())
        return result;
    QDir().mkpath(path.left(path.lastIndexOf(QLatin1Char('/'))));
    QSaveFile file(path); // a cache: if it cannot be written, the next time costs a little more
    if (file.open(QIODevice::WriteOnly) && file.write(svg) == svg.size())
        file.commit();
    return result;
}

} // namespace farcell
