#include "core/notebook/privateoutputs.h"

#include "core/notebook/notebookdocument.h"

#include <nlohmann/json.hpp>

namespace farcell {

using nlohmann::ordered_json;

namespace {

constexpr const char *key = "private_outputs";

} // namespace

bool hasPrivateOutputs(const JsonText &metadata)
{
    if (!metadata.text().contains(key))
        return false; // most have not: do not parse them
    const ordered_json all = metadata.toJson();
    const auto colab = all.find("colab");
    return colab != all.end() && colab->is_object() && colab->contains(key) &&
           (*colab)[key] == true;
}

void setPrivateOutputs(NotebookDocument &document, bool on)
{
    if (on == hasPrivateOutputs(document.metadata()))
        return;
    ordered_json metadata = document.metadata().toJson();
    if (!metadata.is_object())
        metadata = ordered_json::object();
    if (!metadata.contains("colab") || !metadata["colab"].is_object())
        metadata["colab"] = ordered_json::object();
    if (on)
        metadata["colab"][key] = true;
    else
        metadata["colab"].erase(key);
    if (metadata["colab"].empty())
        metadata.erase("colab");
    document.setMetadata(metadata);
}

void dropOutputs(NotebookContent &content)
{
    for (Cell &cell : content.cells) {
        if (!cell.outputs.isEmpty())
            cell.outputs = {};
        cell.executionCount.reset();
    }
}

} // namespace farcell
