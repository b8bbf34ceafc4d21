"""Real video models of diffusers with a few thousand random weights, saved as their makers save them. Nothing is downloaded."""

from __future__ import annotations

import string
from pathlib import Path

import pytest


def needs_extra() -> None:
    """Skip where the extra `derrumbe[diffusers]` isn't installed."""
    for name in ("torch", "diffusers", "transformers", "accelerate", "safetensors"):
        pytest.importorskip(name, reason=f"{name} isn't installed: pip install 'derrumbe[diffusers]', or make test-extras")


def tokenizer():
    """A tokenizer that knows letters."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    marks = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0)]
    letters = [(letter, -3.0) for letter in string.ascii_letters + string.digits + ".,;:-'▁"]
    made = Tokenizer(models.Unigram([*marks, *letters], unk_id=2))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=512)


def text_encoder(kind: str = "T5"):
    import transformers

    config = getattr(transformers, f"{kind}Config")(
        vocab_size=128, d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4, relative_attention_num_buckets=8, is_encoder_decoder=False
    )
    return getattr(transformers, f"{kind}EncoderModel")(config).eval()


def wan_parts(transformer) -> dict:
    from diffusers import AutoencoderKLWan, FlowMatchEulerDiscreteScheduler

    vae = AutoencoderKLWan(base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True])
    return {
        "tokenizer": tokenizer(),
        "text_encoder": text_encoder("UMT5"),
        "vae": vae.eval(),
        "transformer": transformer.eval(),
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=3.0),
    }


def wan_sizes() -> dict:
    return {
        "patch_size": (1, 2, 2), "num_attention_heads": 2, "attention_head_dim": 12, "out_channels": 16, "text_dim": 32,
        "freq_dim": 64, "ffn_dim": 32, "num_layers": 2, "rope_max_seq_len": 64,
    }  # fmt: skip


def wan_vace():
    from diffusers import WanVACEPipeline, WanVACETransformer3DModel

    transformer = WanVACETransformer3DModel(in_channels=16, vace_layers=[0, 1], vace_in_channels=96, **wan_sizes())
    return WanVACEPipeline(**wan_parts(transformer))


def wan_v2v():
    from diffusers import UniPCMultistepScheduler, WanTransformer3DModel, WanVideoToVideoPipeline

    parts = wan_parts(WanTransformer3DModel(in_channels=16, **wan_sizes()))
    parts["scheduler"] = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0)
    return WanVideoToVideoPipeline(**parts)


def ltx():
    from diffusers import AutoencoderKLLTXVideo, FlowMatchEulerDiscreteScheduler, LTXConditionPipeline, LTXVideoTransformer3DModel

    vae = AutoencoderKLLTXVideo(
        latent_channels=8, block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8), layers_per_block=(1,) * 5,
        decoder_layers_per_block=(1,) * 5, spatio_temporal_scaling=(True, True, True, False),
        decoder_spatio_temporal_scaling=(True, True, True, False), decoder_inject_noise=(False,) * 5, upsample_residual=(False,) * 4,
        upsample_factor=(1,) * 4, patch_size=4, patch_size_t=1,
    )  # fmt: skip
    transformer = LTXVideoTransformer3DModel(
        in_channels=8,
        out_channels=8,
        num_attention_heads=4,
        attention_head_dim=8,
        cross_attention_dim=32,
        num_layers=1,
        caption_channels=32,
    )
    return LTXConditionPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae.eval(), text_encoder=text_encoder(), tokenizer=tokenizer(),
        transformer=transformer.eval(),
    )  # fmt: skip


def cogvideox_fun():
    from diffusers import AutoencoderKLCogVideoX, CogVideoXFunControlPipeline, CogVideoXTransformer3DModel, DDIMScheduler

    vae = AutoencoderKLCogVideoX(
        down_block_types=("CogVideoXDownBlock3D",) * 4, up_block_types=("CogVideoXUpBlock3D",) * 4, block_out_channels=(8,) * 4,
        latent_channels=4, layers_per_block=1, norm_num_groups=2,
    )  # fmt: skip
    transformer = CogVideoXTransformer3DModel(
        num_attention_heads=2, attention_head_dim=16, in_channels=8, out_channels=4, time_embed_dim=2, text_embed_dim=32, num_layers=1,
        sample_width=20, sample_height=12, sample_frames=5, patch_size=2, max_text_seq_length=226, use_rotary_positional_embeddings=True,
    )  # fmt: skip
    return CogVideoXFunControlPipeline(
        tokenizer=tokenizer(), text_encoder=text_encoder(), vae=vae.eval(), transformer=transformer.eval(), scheduler=DDIMScheduler()
    )


def gemma():
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    text = {
        "vocab_size": 128, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 1100,
    }  # fmt: skip
    vision = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 16,
        "patch_size": 8,
    }
    config = Gemma3Config(
        text_config=text, vision_config=vision, mm_tokens_per_image=4, image_token_index=5, boi_token_index=6, eoi_token_index=7
    )
    return Gemma3ForConditionalGeneration(config).eval()


def ltx2_parts() -> dict:
    from diffusers import AutoencoderKLLTX2Audio, AutoencoderKLLTX2Video, FlowMatchEulerDiscreteScheduler, LTX2VideoTransformer3DModel
    from diffusers.pipelines.ltx2 import LTX2TextConnectors
    from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder

    connector = {"num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 1, "num_learnable_registers": None}
    transformer = LTX2VideoTransformer3DModel(
        in_channels=4, out_channels=4, num_attention_heads=2, attention_head_dim=8, cross_attention_dim=16, audio_in_channels=4,
        audio_out_channels=4, audio_num_attention_heads=2, audio_attention_head_dim=4, audio_cross_attention_dim=8, num_layers=2,
        caption_channels=16, rope_double_precision=False, rope_type="split",
    )  # fmt: skip
    vae = AutoencoderKLLTX2Video(
        latent_channels=4, block_out_channels=(8, 8, 8), decoder_block_out_channels=(8, 8, 8), layers_per_block=(1,) * 4,
        decoder_layers_per_block=(1,) * 4, spatio_temporal_scaling=(True,) * 3, decoder_spatio_temporal_scaling=(True,) * 3,
        decoder_inject_noise=(False,) * 4, downsample_type=("spatiotemporal",) * 3, upsample_residual=(False,) * 3,
        upsample_factor=(1,) * 3, patch_size=4, patch_size_t=1,
    )  # fmt: skip
    sound = AutoencoderKLLTX2Audio(
        base_channels=4, output_channels=2, ch_mult=(1,), num_res_blocks=1, attn_resolutions=None, in_channels=2, resolution=32,
        latent_channels=2, norm_type="pixel", causality_axis="height", dropout=0.0, mid_block_add_attention=False, sample_rate=16000,
        mel_hop_length=160, is_causal=True, mel_bins=8,
    )  # fmt: skip
    return {
        "scheduler": FlowMatchEulerDiscreteScheduler(),
        "vae": vae.eval(),
        "audio_vae": sound.eval(),
        "text_encoder": gemma(),
        "tokenizer": tokenizer(),
        "connectors": LTX2TextConnectors(
            caption_channels=16, text_proj_in_factor=3, connector_rope_base_seq_len=32, rope_theta=10000.0, rope_double_precision=False,
            causal_temporal_positioning=False, rope_type="split",
            **{f"{kind}_connector_{name}": value for kind in ("video", "audio") for name, value in connector.items()},
        ).eval(),
        "transformer": transformer.eval(),
        "vocoder": LTX2Vocoder(
            in_channels=16, hidden_channels=32, out_channels=2, upsample_kernel_sizes=[4, 4], upsample_factors=[2, 2],
            resnet_kernel_sizes=[3], resnet_dilations=[[1, 3, 5]], output_sampling_rate=16000,
        ).eval(),
    }  # fmt: skip


def ltx2():
    from diffusers import LTX2ConditionPipeline

    return LTX2ConditionPipeline(**ltx2_parts())


def ltx2_incontext():
    from diffusers import LTX2InContextPipeline

    return LTX2InContextPipeline(**ltx2_parts())


TINY = {
    "wan-vace": wan_vace,
    "wan-v2v": wan_v2v,
    "ltx": ltx,
    "ltx2": ltx2,
    "ltx2-incontext": ltx2_incontext,
    "cogvideox-fun": cogvideox_fun,
}


def saved(kind: str, folder: Path) -> Path:
    """Write a tiny model of that kind into `folder`/kind, with a licence, once; return its folder."""
    import torch

    target = folder / kind
    if not (target / "model_index.json").is_file():
        with torch.random.fork_rng():
            torch.manual_seed(3)
            TINY[kind]().save_pretrained(target, safe_serialization=True)
        (target / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Random weights\n")
    return target
