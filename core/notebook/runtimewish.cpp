#include "core/notebook/runtimewish.h"

#include "core/base/jsonmembers.h"
#include "core/notebook/notebookdocument.h"

#include <QRegularExpression>

namespace farcell {

using nlohmann::ordered_json;

namespace {

constexpr const char *acceleratorKey = "accelerator";
constexpr const char *colabKey = "colab";
constexpr const char *gpuTypeKey = "gpuType";
constexpr const char *shapeKey = "machine_shape";
constexpr const char *highMemoryShape = "hm";

const char *nameOf(RuntimeWish::Accelerator accelerator)
{
    switch (accelerator) {
    case RuntimeWish::Accelerator::Unsaid:
        break;
    case RuntimeWish::Accelerator::None:
        return "None";
    case RuntimeWish::Accelerator::Gpu:
        return "GPU";
    case RuntimeWish::Accelerator::Tpu:
        return "TPU";
    }
    return nullptr;
}

RuntimeWish::Accelerator acceleratorNamed(const QString &name)
{
    if (name.compare(QLatin1String("GPU"), Qt::CaseInsensitive) == 0)
        return RuntimeWish::Accelerator::Gpu;
    if (name.compare(QLatin1String("TPU"), Qt::CaseInsensitive) == 0)
        return RuntimeWish::Accelerator::Tpu;
    const bool isNone = name.compare(QLatin1String("None"), Qt::CaseInsensitive) == 0 ||
                        name.compare(QLatin1String("CPU"), Qt::CaseInsensitive) == 0;
    return isNone ? RuntimeWish::Accelerator::None : RuntimeWish::Accelerator::Unsaid;
}

void put(ordered_json &object, const char *key, const QString &value)
{
    if (value.isEmpty())
        object.erase(key);
    else
        object[key] = value.toStdString();
}

} // namespace

RuntimeWish runtimeWishOf(const JsonText &metadata)
{
    RuntimeWish wish;
    const QByteArray &text = metadata.text();
    if (!text.contains(acceleratorKey) && !text.contains(gpuTypeKey) && !text.contains(shapeKey))
        return wish; // most have none: do not parse them
    const ordered_json all = metadata.toJson();
    const ordered_json &colab = memberOf(all, colabKey);
    wish.accelerator = acceleratorNamed(textAt(all, acceleratorKey));
    if (wish.accelerator == RuntimeWish::Accelerator::Gpu)
        wish.gpuType = textAt(colab, gpuTypeKey);
    wish.highMemory = textAt(colab, shapeKey) == QLatin1String(highMemoryShape);
    return wish;
}

void setRuntimeWish(NotebookDocument &document, const RuntimeWish &wish)
{
    if (wish == runtimeWishOf(document.metadata()))
        return;
    ordered_json metadata = document.metadata().toJson();
    if (!metadata.is_object())
        metadata = ordered_json::object();
    put(metadata, acceleratorKey, QLatin1String(nameOf(wish.accelerator)));
    if (!memberOf(metadata, colabKey).is_object())
        metadata[colabKey] = ordered_json::object();
    ordered_json &colab = metadata[colabKey];
    put(colab, gpuTypeKey, wish.gpuType);
    put(colab, shapeKey, wish.highMemory ? QLatin1String(highMemoryShape) : QLatin1String());
    if (colab.empty())
        metadata.erase(colabKey);
    document.setMetadata(metadata);
}

QString gpuTypeOf(const QString &deviceName)
{
    if (deviceName.contains(QLatin1String("RTX PRO 6000 Blackwell")))
        return QStringLiteral("G4");
    static const QRegularExpression maker(QStringLiteral("^(?:(?:NVIDIA|Tesla|GeForce)\\s+)+"));
    QString name = deviceName.trimmed();
    name.remove(maker);
    static const QRegularExpression twoWords(QStringLiteral("^(?:RTX|GTX|TITAN|Quadro)\\b"));
    if (twoWords.match(name).hasMatch())
        return name;
    static const QRegularExpression end(QStringLiteral("[\\s-].*$"));
    return name.remove(end);
}

} // namespace farcell
